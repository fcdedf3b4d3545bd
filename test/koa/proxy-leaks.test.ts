import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { everythingOf, leaks, secretsIn } from '../support/leaks.ts';
import { type Ending, recordingService } from '../support/proxied-calls.ts';
import { conversation, happened, out, secrets, startListenedTo, startServices } from './proxy-leaks-scene.ts';
import { raw } from './support.ts';

const ends: (() => unknown)[] = [];
const ending: Ending = { after: (end) => ends.push(end) };
const writeError = process.stderr.write;
const { privateKey, publicKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
});

const ticketFor = (service: string) => `/ticket?for=${encodeURIComponent(service)}`;
const proxyAnswer = (inside: string) =>
  `<cas:serviceResponse xmlns:cas="http://www.yale.edu/tp/cas">${inside}</cas:serviceResponse>`;

async function runEverything() {
  const allowTarget = (service: string) => !service.includes('forbidden');
  const portal = await startListenedTo(ending, { cas: { privateKey }, fakeCas: { allowTarget } });
  const { fakeCas, tap, store } = portal;
  const services = await startServices(ending, portal);

  const alice = await portal.signIn('alice');
  await alice(ticketFor('imap://mail.example.edu'));
  await alice(`/call?of=${encodeURIComponent(`${services.library.url}/loans`)}`);
  await alice(`/call?of=${encodeURIComponent(`${services.archive.url}/shelf`)}`);
  await alice(ticketFor('https://forbidden.example.edu'));
  out['what is thrown'].push(everythingOf(await portal.portal.sso.proxyGrants.forUser('alice')));

  const pgtOf = (request: URLSearchParams) => request.get('pgt') ?? '';
  tap.spoil((request) =>
    proxyAnswer(`<cas:proxyFailure code="${pgtOf(request)}">${pgtOf(request)}</cas:proxyFailure>`),
  );
  await alice(ticketFor('a-failure-with-the-grant-as-its-code'));
  tap.spoil((request) => `<${pgtOf(request)}>${pgtOf(request)}`);
  await alice(ticketFor('an-answer-that-is-not-xml-with-the-grant-in-it'));
  tap.spoil((request) => proxyAnswer(`<cas:proxySuccess>${pgtOf(request)}</cas:proxySuccess>`));
  await alice(ticketFor('a-success-without-a-ticket-with-the-grant-in-it'));

  fakeCas.misbehave({ kind: 'encrypted-grant', publicKey });
  const bob = await portal.signIn('bob');
  await bob(ticketFor('https://api.example.edu/encrypted'));
  fakeCas.misbehave('no-callback');
  await (await portal.signIn('zoë'))(ticketFor('https://api.example.edu/none'));
  fakeCas.misbehave('double-callback');
  await portal.signIn('ελένη');

  for (const key of [/^pgtiou:/, /^grant:/, /^user-grants:/]) {
    store.failWrites(key);
    await portal.signIn("o'neil&<co>");
  }
  store.failWrites(null);

  const delivery = (id: string) => `pgtId=PGT-1-${id}&pgtIou=PGTIOU-1-${id}`;
  const [good = '', twice = '', bad = ''] = ['a1b2', 'c3d4', 'e5f6'].map((text) => text.repeat(10));
  for (const id of [good, twice, bad]) secrets.add(id);
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  for (const [target, init] of [
    [`?${delivery(good)}`, {}],
    [`?${delivery(good)}`, { method: 'HEAD' }],
    [`?${delivery(twice)}&${delivery(twice)}`, {}],
    [`?${delivery(`${bad}<script>`)}`, { headers: { accept: 'text/html' } }],
    ['', { method: 'POST', headers: form, body: delivery(`${bad}<`) }],
    ['', { method: 'POST', headers: form, body: delivery(bad.repeat(300)) }],
  ] as const) {
    const { status, headers, body } = await raw(portal.callbackUrl + target, init);
    out['the pages and headers that a browser gets'].push(`${status} ${JSON.stringify(headers)} ${body}`);
  }

  fakeCas.expireGrants();
  await alice(ticketFor('https://api.example.edu/expired'));
  await bob('/sso/logout?scope=here');
  portal.finish();
  services.finish();

  const refusing = await recordingService(ending, () => ({ status: 500 }));
  for (const proxyGrants of [true, 'required'] as const) {
    const unlucky = await startListenedTo(ending, {
      cas: { proxyGrants, proxyCallbackUrl: refusing.url },
      fakeCas: { callbackFailure: 'refuse' },
    });
    await (await unlucky.signIn('alice'))('/me');
    unlucky.finish();
  }
}

before(async () => {
  process.stderr.write = (chunk: string | Uint8Array) => out['the standard error output'].push(String(chunk)) > 0;
  try {
    await runEverything();
  } finally {
    process.stderr.write = writeError;
  }
});
after(async () => {
  for (const end of ends.reverse()) await end();
});

describe('neither PGT nor IOU is in', () => {
  for (const [place, texts] of Object.entries(out)) {
    test(place, () => assert.deepEqual(leaks(texts, secrets), []));
  }
});

describe('no ticket of any kind is in', () => {
  for (const place of ['the log', 'the journal', 'what is thrown', 'the cookies', 'the raw stores'] as const) {
    test(place, () =>
      assert.deepEqual(
        out[place].filter((text) => /\b[SP]T-\d+-[0-9a-f]{40}/.test(text)),
        [],
      ),
    );
  }
});

describe('that nothing is found means something:', () => {
  test('there are secrets of every station, and the search finds each of them where it must be', () => {
    assert.ok(secrets.size >= 20, `${secrets.size} secrets`);
    const made = conversation.flatMap(secretsIn);
    for (const secret of made) assert.ok(leaks(conversation, [secret]).length > 0, secret);
    assert.ok(conversation.some((text) => text.includes('INVALID_PROXY_CALLBACK') && secretsIn(text).length > 0));
  });

  test('there is something in every place that was searched', () => {
    const empty = Object.entries(out).flatMap(([place, texts]) => (texts.length === 0 ? [place] : []));
    assert.deepEqual(empty, ['the standard error output']);
  });

  for (const station of [
    'cas authenticated',
    'cas loggedOut',
    'cas failed ERR_SSO_NO_PROXY_GRANT',
    'cas-proxy-callback stored',
    'cas-proxied-call accepted',
    'cas-proxied-call refused ERR_SSO_PROXY_CHAIN',
    'cas-proxy-ticket issued',
    'cas-proxy-ticket refused ERR_SSO_PROXY_REFUSED',
    'cas-proxy-ticket refused ERR_SSO_NO_PROXY_GRANT',
    'cas-proxy-ticket unavailable ERR_SSO_CAS_BAD_ANSWER',
    'cas-proxy-ticket loginRequired ERR_SSO_PROXY_GRANT_EXPIRED',
    '/sso/proxy-callback 400',
    '/sso/proxy-callback 503',
    '/sso/return 503',
    '/loans 200',
  ]) {
    test(`the run went through ${station}`, () => assert.ok(happened.includes(station), happened.join('\n')));
  }
});
