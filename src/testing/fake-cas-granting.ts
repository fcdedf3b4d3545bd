import { constants, publicEncrypt } from 'node:crypto';
import type { Validation, Verdict } from './fake-cas-answers.ts';
import { type CallbackOptions, type Caller, delivery } from './fake-cas-callback.ts';
import { type FakeCasFault, faultKind, SLOW_MS } from './fake-cas-faults.ts';
import type { FakeCasState } from './fake-cas-state.ts';

/** What granting has to work with. */
export interface GrantingSite {
  readonly state: FakeCasState;
  readonly caller: Caller;
  readonly onFailure: NonNullable<CallbackOptions['callbackFailure']>;
  /** Calls back after so many milliseconds, unless the server is closed before. */
  later(ms: number, action: () => void): void;
}

/** A validation that has been through the granting. */
export interface Granted {
  readonly validation: Validation;
  /** To be done when the answer has been sent. */
  readonly afterwards?: () => void;
}

type Success = Verdict & { kind: 'success' };

/**
 * Grants a proxy-granting ticket to a validation that succeeded and named a `pgtUrl`, and tells its holder of it: through
 * the callback, before the validation is answered, unless the fault says otherwise.
 */
export async function grantProxy(
  site: GrantingSite,
  validation: Validation,
  pgtUrl: string | undefined,
  fault: FakeCasFault | undefined,
): Promise<Granted> {
  const { verdict, style } = validation;
  const { state, caller } = site;
  // CAS 1 and SAML have no place for a grant.
  if (pgtUrl === undefined || verdict.kind === 'failure' || style === 'text' || style === 'saml') return { validation };
  if (!caller.accepts(pgtUrl)) return { validation };

  const { user, authenticatedAt, session, proxies } = verdict;
  const pair = {
    pgt: state.issueGrant({ user, authenticatedAt, session, proxies: [pgtUrl, ...proxies] }),
    iou: state.newId('PGTIOU'),
  };
  const told = (more: Partial<Success>): Granted => ({
    validation: { ...validation, verdict: { ...verdict, ...more } },
  });

  const kind = fault && faultKind(fault);
  if (typeof fault === 'object' && fault.kind === 'encrypted-grant') {
    return told({ encryptedGrant: encrypt(pair.pgt, fault.publicKey) });
  }
  if (kind === 'no-callback') return told({ iou: pair.iou });
  if (kind === 'late-callback') {
    const wait = typeof fault === 'object' && 'ms' in fault ? fault.ms : SLOW_MS;
    const afterwards = () => site.later(wait, () => void caller.introduce(pgtUrl, pair));
    return { ...told({ iou: pair.iou }), afterwards };
  }
  const problem = await caller.introduce(pgtUrl, pair);
  if (problem !== undefined) return fail(site, validation, pgtUrl, pair, problem);
  // The second one is good for nothing, so that a client that believed it finds out.
  if (kind === 'double-callback') await caller.deliver(pgtUrl, { ...pair, pgt: state.newId('PGT') });
  return told({ iou: pair.iou });
}

function fail(
  { state, onFailure }: GrantingSite,
  validation: Validation,
  pgtUrl: string,
  pair: { readonly pgt: string; readonly iou: string },
  problem: string,
): Granted {
  if (onFailure === 'no-grant') {
    state.revokeGrant(pair.pgt);
    return { validation };
  }
  const message = `The proxy callback ${delivery(pgtUrl, pair)} failed: ${problem}.`;
  return { validation: { ...validation, verdict: { kind: 'failure', code: 'INVALID_PROXY_CALLBACK', message } } };
}

function encrypt(pgt: string, key: string): string {
  return publicEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, Buffer.from(pgt)).toString('base64');
}
