import type { ProxyCallbackEvent } from '../../../machines/proxy-callback.ts';
import { queryValues } from './query.ts';

/** What a call to our proxy callback brings. */
export type CallbackReading =
  | { readonly kind: 'probe' }
  | { readonly kind: 'delivery'; readonly pgtIou: string; readonly pgtId: string }
  | {
      readonly kind: 'malformed';
      /** One of our own sentences, safe to log: never text from the call, which could be a ticket. */
      readonly reason: string;
    };

/** Far above the 256 characters that a client should accept (CAS 3.3.1, 3.4.1). */
const MAX_LENGTH = 1024;

/**
 * Letters, digits and hyphen by the specification (CAS 3.7); dots, underscores, equal signs and tildes by real servers.
 * Nothing that could be markup or a path (CVE-2010-3690, CVE-2010-3692).
 *
 * No prefix is asked for. `PGT-` and `PGTIOU-` are a SHOULD, old servers deliver a `TGT-`, and whoever forges a delivery
 * can write a prefix too: what protects is that nobody can guess an IOU.
 */
const FORM = /^[A-Za-z0-9._=~-]+$/;

/**
 * Reads what a CAS server sends to the proxy callback (CAS 2.5.4): the raw query of a GET without `?`, or the form body
 * of a POST. The callback address may have parameters of its own, which are no concern of ours. Never throws.
 */
export function readCallback(query: string): CallbackReading {
  const ious = queryValues(query, 'pgtIou');
  const ids = queryValues(query, 'pgtId');
  const [pgtIou] = ious;
  const [pgtId] = ids;
  // Half a delivery delivers nothing; clients answer it like a probe.
  if (pgtIou === undefined || pgtId === undefined) return { kind: 'probe' };
  // Which of two counts would be a guess, and the server that is in front of us may guess otherwise.
  if (ious.length > 1 || ids.length > 1) return malformed('pgtIou or pgtId given twice');
  if (!isWellFormed(pgtIou)) return malformed('pgtIou is not a ticket');
  if (!isWellFormed(pgtId)) return malformed('pgtId is not a ticket');
  return { kind: 'delivery', pgtIou, pgtId };
}

function isWellFormed(text: string): boolean {
  return text.length <= MAX_LENGTH && FORM.test(text);
}

function malformed(reason: string): CallbackReading {
  return { kind: 'malformed', reason };
}

/** What such a call is for the machine of the callback. */
export function callbackEvent(query: string): ProxyCallbackEvent {
  const reading = readCallback(query);
  switch (reading.kind) {
    case 'probe':
      return { type: 'callback.probed' };
    case 'malformed':
      return { type: 'callback.malformed' };
    case 'delivery':
      return { type: 'callback.delivered', pgtIou: reading.pgtIou, pgtId: reading.pgtId };
  }
}
