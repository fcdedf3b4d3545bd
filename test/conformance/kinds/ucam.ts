import { type FindVerifier, judgeReply, type ReplyExpectation } from '../../../src/protocols/ucam/judgement.ts';
import { readKey, type SigningKey } from '../../../src/protocols/ucam/keys.ts';
import { takeReply } from '../../../src/protocols/ucam/query.ts';
import { signatureHolds } from '../../../src/protocols/ucam/signature.ts';
import { type Comparison, compare, type Fields, type Kind, type Kinds, textField } from '../kind.ts';
import { readings } from '../ucam-readings.ts';

/** The demonstration key is what genuine replies are signed with; any other server's keys are welcome, too. */
const ANY_KEY = { signers: null, allowDemoKey: true };

export const kinds: Kinds = {
  ...Object.fromEntries(
    [
      'real',
      'real-policy',
      'repo-negative',
      'valid',
      'status',
      'structure',
      'kid',
      'signature',
      'time',
      'url',
      'policy',
    ].map((category): readonly [string, Kind] => [`ucam:${category}`, compareReply]),
  ),
  'ucam:rsa': (input, expected) => {
    const { publicKey } = signingKey('1', textField(input, 'key'));
    const bytes = Buffer.from(textField(input, 'dataBase64'), 'base64');
    return compare(expected, {
      verified: signatureHolds(publicKey, bytes, wlsBase64(textField(input, 'signatureBase64'))),
    });
  },
};

/** What came out must be what is expected, or what is just as good; where the protocol is open, what we chose. */
function compareReply(input: Fields, vector: Fields): Comparison {
  // Where a reply of version 1 lands is what the server does with our address.
  const { ambiguous, alsoAcceptable = [], landingUrl: _, ...expected } = vector;
  const outcome = outcomeOf(input);
  const acceptable = [expected, ...(alsoAcceptable as readonly Fields[])];
  if (!acceptable.some((one) => compare(one, outcome).differences.length === 0)) {
    return { differences: [fault(acceptable, outcome), ...compare(expected, outcome).differences] };
  }
  if (ambiguous !== true) return { differences: [] };
  const reading = readings.find(({ id }) => id === input.id);
  return compare({ chosen: reading?.chosen ?? 'no reading is recorded' }, { chosen: nameOf(outcome) });
}

function fault(acceptable: readonly Fields[], outcome: Fields): string {
  if (outcome.ok === true && acceptable.every(({ ok }) => ok === false)) return 'wrongly accepted';
  return outcome.ok === false && acceptable.every(({ ok }) => ok === true) ? 'wrongly refused' : 'otherwise';
}

/** What the real code makes of a reply, under the names that the vectors use. */
export function outcomeOf(input: Fields, more: Partial<ReplyExpectation> = {}): Fields {
  const query = input.rawQuery ?? `WLS-Response=${encodeURIComponent(textField(input, 'response'))}`;
  const taken = takeReply(String(query));
  if (taken.kind === 'rejected') return { ok: false, error: taken.reason };
  if (typeof input.response === 'string' && taken.encoded !== input.response) {
    throw new Error('the query holds another reply than the vector');
  }
  const judgement = judgeReply(taken.encoded, { ...expectationOf(input), ...more }, keysOf(input));
  switch (judgement.kind) {
    case 'rejected':
      return { ok: false, error: judgement.reason };
    case 'notAuthorised':
      return { ok: false, error: judgement.reason, principal: judgement.principal, ptags: judgement.ptags };
    case 'status': {
      const { status, message: msg, params } = judgement;
      return { ok: false, error: `wls-status-${status}`, status, msg, params };
    }
    case 'success': {
      const { version, ptags, lifeSeconds: life, ...others } = judgement;
      const { url } = expectationOf(input);
      return { ...others, ok: true, status: 200, url, life, ptags: version < 3 ? null : ptags };
    }
  }
}

function nameOf({ ok, error }: Fields): unknown {
  return ok === true ? 'ok' : error;
}

function expectationOf({ context }: Fields): ReplyExpectation {
  const given = context as Fields & { readonly now: number; readonly timeout: number; readonly skew: number };
  return {
    url: textField(given, 'expectedUrl'),
    params: given.params as string | null,
    version: given.requestVer as 1 | 2 | 3,
    iact: given.iact as 'yes' | 'no' | null,
    aauth: (given.aauth ?? []) as readonly string[],
    requiredPtags: given.requiredPtags as readonly string[],
    // These vectors are of a server that keeps the rule of the specification; see `about` in the file.
    ptagsBelowVersion3: ['current'],
    now: given.now * 1000,
    timeoutMs: given.timeout * 1000,
    skewMs: given.skew * 1000,
  };
}

/** The keys that a vector names. Key 2 of Raven itself is not among the files, and no reply is signed with it. */
function keysOf({ context, keys }: Fields): FindVerifier {
  const pems = keys as Readonly<Record<string, string>>;
  const named = (context as Fields).keys as readonly string[];
  const found = new Map(
    named.flatMap((kid) => (pems[kid] === undefined ? [] : [[kid, signingKey(kid, pems[kid]).verifier] as const])),
  );
  return (kid) => found.get(kid);
}

const parsed = new Map<string, SigningKey>();

function signingKey(kid: string, pem: string): SigningKey {
  const known = parsed.get(kid + pem);
  if (known !== undefined) return known;
  const reading = readKey(kid, pem, ANY_KEY);
  if (reading.kind === 'problem') throw new Error(reading.problem);
  parsed.set(kid + pem, reading.key);
  return reading.key;
}

function wlsBase64(text: string): string {
  return text.replaceAll('+', '-').replaceAll('/', '.').replaceAll('=', '_');
}
