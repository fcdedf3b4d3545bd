import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { judgeReply, type ReplyExpectation } from '../../src/protocols/ucam/judgement.ts';
import { openKeyRing } from '../../src/protocols/ucam/key-ring.ts';
import { writeParams } from '../../src/protocols/ucam/params.ts';
import { takeReply } from '../../src/protocols/ucam/query.ts';
import { interleaved } from './interleaved.ts';

const LIMIT = 1.25;
const URL_SENT = 'https://portal.example.edu/sso/raven/return';
const ISSUED = Date.UTC(2026, 0, 15, 12, 0, 0);
const NOW = ISSUED + 2000;
const PARAMS = paramsText();

/**
 * What somebody writes who needs a login by tomorrow: takes the reply, checks url, time, params and signature, and no
 * more. Thirty lines.
 */
function createReference(keys: ReadonlyMap<string, KeyObject>) {
  return (query: string, expected: { url: string; params: string; now: number }): string | null => {
    const response = new URLSearchParams(query).get('WLS-Response');
    if (response === null) return null;
    const raw = response.split('!');
    const kid = raw[raw.length - 2] ?? '';
    const signature = raw[raw.length - 1] ?? '';
    const fields = raw.map((field) => field.replace(/%21/g, '!').replace(/%25/g, '%'));
    const [ver, status, , issue = '', , url, principal = '', ptags = ''] = fields;
    if (ver !== '3' || raw.length !== 14 || status !== '200') return null;
    if (url !== expected.url || fields[11] !== expected.params) return null;
    const time = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(issue);
    if (time === null) return null;
    const [, year, month, day, hour, minute, second] = time.map(Number);
    const issued = Date.UTC(year ?? 0, (month ?? 0) - 1, day, hour, minute, second);
    if (issued > expected.now + 5000 || issued < expected.now - 35_000) return null;
    if (fields[8] !== 'pwd' && !(fields[9] ?? '').split(',').includes('pwd')) return null;
    if (!ptags.split(',').includes('current')) return null;
    const key = keys.get(kid);
    if (key === undefined) return null;
    const base64 = signature.replace(/-/g, '+').replace(/\./g, '/').replace(/_/g, '=');
    const signed = Buffer.from(raw.slice(0, -2).join('!'));
    if (!verify('RSA-SHA1', signed, key, Buffer.from(base64, 'base64'))) return null;
    return principal;
  };
}

/** Takes apart, checks and verifies one reply, beside the reference; false if a ratio is above its limit. */
export function bench(): boolean {
  console.log(`Ucam-WebAuth: one reply taken, checked and verified (limit: ${LIMIT} times the reference)`);
  return [1024, 2048].map(benchOf).every((kept) => kept);
}

function benchOf(bits: number): boolean {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: bits });
  const query = signedQuery(privateKey);
  const pem = publicKey.export({ type: 'pkcs1', format: 'pem' }).toString();
  const ring = openKeyRing({
    keys: { inline: { '7': pem } },
    policy: { signers: null, allowDemoKey: false },
    logger: { info() {}, warn() {} },
    clock: () => NOW,
  });
  const expectation: ReplyExpectation = {
    url: URL_SENT,
    params: PARAMS,
    iact: null,
    aauth: [],
    requiredPtags: ['current'],
    now: NOW,
  };
  const ours = () => {
    const taken = takeReply(query);
    const judgement = taken.kind === 'reply' ? judgeReply(taken.encoded, expectation, ring.find) : taken;
    assert.ok(judgement.kind === 'success' && judgement.principal === 'fjc55');
  };
  const judgeByReference = createReference(new Map([['7', publicKey]]));
  const expected = { url: URL_SENT, params: PARAMS, now: NOW };
  const reference = () => assert.ok(judgeByReference(query, expected) === 'fjc55');
  const measured = interleaved(ours, reference);
  const microseconds = (time: number) => `${time.toFixed(1)} µs`;
  console.log(
    `  ${bits} bit  ours ${microseconds(measured.ours)}, reference ${microseconds(measured.reference)}, ratio ${measured.ratio.toFixed(2)}`,
  );
  return measured.ratio <= LIMIT;
}

function signedQuery(privateKey: KeyObject): string {
  const id = 'kI54FA6.7Tsb9RhZeFBrpFUs';
  const text = `3!200!!20260115T120000Z!${id}!${URL_SENT}!fjc55!current!pwd!!36000!${PARAMS}`;
  const base64 = sign('RSA-SHA1', Buffer.from(text), privateKey).toString('base64');
  const signature = base64.replaceAll('+', '-').replaceAll('/', '.').replaceAll('=', '_');
  return `WLS-Response=${encodeURIComponent(`${text}!7!${signature}`)}`;
}

function paramsText(): string {
  const written = writeParams('A1b2C3d4E5f6G7h8I9j0Kw', '/reports/2026?page=2');
  assert.ok(written.kind === 'params');
  return written.text;
}
