import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createBackChannel } from '../../../src/http/back-channel.ts';
import { readServiceResponse, type SuccessAnswer } from '../../../src/protocols/cas/service-response.ts';
import { readValidateResponse } from '../../../src/protocols/cas/validate-response.ts';
import { type Comparison, compare, type Fields, type Kinds, textField } from '../kind.ts';

/** Codes that stand for refusals of our own. */
export const OWN_CODES = { unreadable: 'PROTOCOL_ERROR', status: 'HTTP_ERROR', size: 'RESPONSE_TOO_LARGE' } as const;

export const kinds: Kinds = {
  validate1: (input, expected) => {
    const answer = readValidateResponse(textField(input, 'body'));
    return compare(expected, answer.kind === 'success' ? { ok: true, user: answer.user } : { ok: false });
  },
  serviceValidate: async (input, expected) => {
    const outcome = await serviceOutcome(input);
    if (!('pgt' in expected)) return compareService(expected, outcome);
    // The reader must hand over the PGT as it was encrypted. The vector names the private key of its source but does not
    // bring it along; opening is tested with a key of our own.
    const { pgt: _opened, ...others } = expected;
    const sealed = typeof outcome.encrypted === 'string' && Buffer.from(outcome.encrypted, 'base64').length === 128;
    return { ...compareService({ ...others, sealed: true }, { ...outcome, sealed }), notYet: 'a private key' };
  },
};

/** A refusal is right, and so is the outcome, for an input that a strict reader may refuse. */
export function compareService(expected: Fields, outcome: Fields): Comparison {
  const { mode, attributes, ...others } = expected;
  if (mode === 'lenient' && outcome.ok === false) return { differences: [] };
  return compare(attributes === undefined ? others : { ...others, attributes: asTexts(attributes) }, outcome);
}

/** The fields of a success, under the names that the vectors use. */
export function successFields(answer: SuccessAnswer): Fields {
  const { authenticatedAt, longTerm, fromNewLogin } = answer;
  return {
    ok: true,
    user: answer.user,
    attributes: answer.attributes,
    proxies: answer.proxies,
    pgtIou: answer.proxyGrantingTicketIou,
    encrypted: answer.encryptedProxyGrantingTicket,
    standard: {
      authenticationDate: authenticatedAt === null ? null : isoText(authenticatedAt),
      longTermAuthenticationRequestTokenUsed: longTerm,
      isFromNewLogin: fromNewLogin,
    },
  };
}

/** What the reader makes of an answer, under the names that the vectors use. */
export async function serviceOutcome(input: Fields): Promise<Fields> {
  if (typeof input.bodyBytes === 'number') return oversized(input.bodyBytes, textField(input, 'bodyPattern'));
  const answer = readServiceResponse(textField(input, 'body'));
  const refused = { ok: false, user: null, proxies: [] };
  if (answer.kind === 'failure') return { ...refused, code: answer.code || null, message: answer.message };
  if (input.status !== 200) return { ...refused, code: OWN_CODES.status };
  if (answer.kind === 'unreadable') return { ...refused, code: OWN_CODES.unreadable };
  return successFields(answer);
}

// The size is limited where the answer is fetched, so this takes the real way: the reader never sees the body.
async function oversized(bytes: number, pattern: string): Promise<Fields> {
  const server = createServer((_request, response) => response.end(pattern.repeat(bytes)));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const channel = createBackChannel({ origin, deadlineMs: 5000, maxBytes: 1024 * 1024 });
  const outcome = await channel.send({ url: new URL('/serviceValidate', origin) });
  await channel.close();
  server.close();
  return outcome.kind === 'unreadable' ? { ok: false, code: OWN_CODES.size } : { ok: true };
}

function asTexts(attributes: unknown): Fields {
  const entries = Object.entries(attributes as Record<string, readonly unknown[]>);
  return Object.fromEntries(entries.map(([name, values]) => [name, values.map(String)]));
}

// Whole seconds are written without a fraction in the vectors.
function isoText(at: number): string {
  return new Date(at).toISOString().replace('.000Z', 'Z');
}
