import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { startFakeCas } from '../../src/testing/fake-cas.ts';
import type { FakeCasFault } from '../../src/testing/fake-cas-faults.ts';
import { createBrowser } from '../support/browser.ts';
import { logIn, startPortal } from '../support/portal.ts';
import { localhostCertificate } from '../testing/localhost-certificate.ts';
import { certificateOfAnotherHost } from './certificate-of-another-host.ts';
import { assertFailure, comeBack, pairFor, pointerIn, returnUrl, serviceOf, userOf, withTicket } from './support.ts';

const TIMEOUT = { code: 'ERR_SSO_CAS_TIMEOUT', status: 504 };
const UNREACHABLE = { code: 'ERR_SSO_CAS_UNREACHABLE', status: 503 };
const BAD_STATUS = { code: 'ERR_SSO_CAS_BAD_STATUS', status: 502 };
const BAD_ANSWER = { code: 'ERR_SSO_CAS_BAD_ANSWER', status: 502 };
const REJECTED = { code: 'ERR_SSO_TICKET_REJECTED', status: 403 };
const REFUSED = { code: 'ERR_SSO_CAS_REFUSED', status: 502 };
const PROXIED = { code: 'ERR_SSO_PROXIED_TICKET', status: 403 };

const failure = (code: string): FakeCasFault => ({ kind: 'failure', code, message: 'The ticket ST-1-quoted-by-it' });

const FAULTS: readonly (readonly [FakeCasFault, typeof TIMEOUT])[] = [
  [{ kind: 'slow', ms: 60_000 }, TIMEOUT],
  ['hang', TIMEOUT],
  ['drop-before-headers', UNREACHABLE],
  ['drop-after-headers', UNREACHABLE],
  ['html-error', BAD_ANSWER],
  ['status-500', BAD_STATUS],
  ['status-404', BAD_STATUS],
  ['redirect', BAD_STATUS],
  ['huge', BAD_ANSWER],
  ['bomb', BAD_ANSWER],
  ['truncated', BAD_ANSWER],
  ['empty', BAD_ANSWER],
  ['wrong-namespace', BAD_ANSWER],
  ['two-outcomes', BAD_ANSWER],
  ['two-users', BAD_ANSWER],
  ['doctype', BAD_ANSWER],
  ['bad-charset', BAD_ANSWER],
  ['proxied', PROXIED],
  [failure('INVALID_TICKET'), REJECTED],
  [failure('INVALID_SERVICE'), REJECTED],
  [failure('INTERNAL_ERROR'), REFUSED],
  [failure('UNAUTHORIZED_SERVICE'), REFUSED],
  [failure('INVALID_REQUEST'), REFUSED],
  [failure('A_CODE_NOBODY_KNOWS'), REFUSED],
  [failure('ST-1-a-ticket-for-a-code'), REFUSED],
];

/** Short only where it has to run out: this may be a busy machine. */
const timeoutFor = (expected: { readonly code: string }) => ({ timeoutMs: expected === TIMEOUT ? 400 : 20_000 });

const nameOf = (fault: FakeCasFault) =>
  typeof fault === 'string' ? fault : fault.kind === 'failure' ? `the failure ${fault.code}` : fault.kind;

describe('a login server that misbehaves signs nobody in', () => {
  for (const [fault, expected] of FAULTS) {
    test(`${nameOf(fault)}: ${expected.code}`, async (t) => {
      const pair = await pairFor(t, { cas: timeoutFor(expected) });
      const visitor = pair.browser();
      const address = await returnUrl(visitor, `${pair.portal.url}/start`, pair.fakeCas);
      pair.fakeCas.misbehave(fault);
      const page = await comeBack(visitor, address, pair);
      assert.equal(pair.fakeCas.counts.validate, 1, 'the ticket was sent more than once');
      assert.equal(pointerIn(visitor), undefined);
      await assertFailure(page, pair, expected);
    });
  }
});

describe('a login that fails on a misbehaving server leaves the one before, and the next one works', () => {
  for (const [fault, expected] of FAULTS) {
    test(nameOf(fault), async (t) => {
      const pair = await pairFor(t, { cas: timeoutFor(expected) });
      const { portal, fakeCas } = pair;
      const visitor = pair.browser();
      const [first, second, third] = [
        await returnUrl(visitor, `${portal.url}/one`, fakeCas),
        await returnUrl(visitor, `${portal.url}/two`, fakeCas, 'bob'),
        await returnUrl(visitor, `${portal.url}/three`, fakeCas, 'bob'),
      ];
      await comeBack(visitor, first, pair);
      const pointer = pointerIn(visitor)?.login;
      fakeCas.misbehave(fault);
      assert.ok((await comeBack(visitor, second, pair)).status >= 400);
      assert.equal(pointerIn(visitor)?.login, pointer);
      assert.equal(userOf(await visitor.get(`${portal.url}/start`)), 'alice');
      fakeCas.behave();
      assert.equal(userOf(await (await comeBack(visitor, third, pair)).settle()), 'bob');
    });
  }
});

test('a login server that is down: the page says so, and a login works once it is up again', async (t) => {
  const fakeCas = await startFakeCas();
  const portal = await startPortal({ cas: { serverUrl: fakeCas.url } });
  t.after(() => portal.close());
  const visitor = createBrowser();
  t.after(() => visitor.close());
  const address = await returnUrl(visitor, `${portal.url}/start`, fakeCas);
  await fakeCas.close();
  const page = await comeBack(visitor, address, { fakeCas });
  await assertFailure(page, { portal, fakeCas, browser: createBrowser, close: portal.close }, UNREACHABLE);
  const again = await startFakeCas({ port: Number(new URL(fakeCas.url).port) });
  t.after(() => again.close());
  assert.equal(userOf(await logIn(visitor, `${portal.url}/start`, again)), 'alice');
});

for (const [name, tls, ca] of [
  ['a CA that is not trusted', localhostCertificate, undefined],
  ['another host', certificateOfAnotherHost, certificateOfAnotherHost.cert],
] as const) {
  test(`a login server with a certificate of ${name} is not asked, and signs nobody in`, async (t) => {
    const fakeCas = await startFakeCas({ tls });
    t.after(() => fakeCas.close());
    const portal = await startPortal({ cas: { serverUrl: fakeCas.url, ...(ca === undefined ? {} : { ca }) } });
    t.after(() => portal.close());
    const visitor = createBrowser();
    t.after(() => visitor.close());
    const page = await comeBack(visitor, await returnUrl(visitor, `${portal.url}/start`, fakeCas), { fakeCas });
    assert.equal(fakeCas.counts.validate, 0);
    assert.equal(pointerIn(visitor), undefined);
    assert.match(portal.log[0] ?? '', /CERT/, 'the log does not say that it is the certificate');
    await assertFailure(page, { portal, fakeCas, browser: createBrowser, close: portal.close }, UNREACHABLE);
  });
}

test('a login server with a certificate of the CA in `ca` is trusted', async (t) => {
  const fakeCas = await startFakeCas({ tls: localhostCertificate });
  t.after(() => fakeCas.close());
  const portal = await startPortal({ cas: { serverUrl: fakeCas.url, ca: localhostCertificate.cert } });
  t.after(() => portal.close());
  const visitor = createBrowser({ ca: localhostCertificate.cert });
  t.after(() => visitor.close());
  assert.equal(userOf(await logIn(visitor, `${portal.url}/start`, fakeCas)), 'alice');
});

test('an outage of the login server does not touch people who are signed in', async (t) => {
  const pair = await pairFor(t);
  const visitor = pair.browser();
  await logIn(visitor, `${pair.portal.url}/start`, pair.fakeCas);
  await pair.fakeCas.close();
  assert.equal(userOf(await visitor.get(`${pair.portal.url}/other`)), 'alice');
});

test('a login server that hangs does not hold up the other visitors', async (t) => {
  const pair = await pairFor(t, { cas: { timeoutMs: 60_000 } });
  const [first, second] = [pair.browser(), pair.browser()];
  const one = await returnUrl(first, `${pair.portal.url}/start`, pair.fakeCas);
  const two = await returnUrl(second, `${pair.portal.url}/start`, pair.fakeCas);
  pair.fakeCas.misbehave('hang');
  const finished: string[] = [];
  const stuck = comeBack(first, one, pair).then(() => finished.push('first'));
  assert.equal(userOf(await (await comeBack(second, two, pair)).settle()), 'alice');
  assert.deepEqual(finished, []);
  await pair.fakeCas.close();
  await stuck;
});

test('what a login server says of a failure reaches neither the page nor the log', async (t) => {
  const pair = await pairFor(t);
  const visitor = pair.browser();
  const service = serviceOf((await visitor.get(`${pair.portal.url}/start`)).location);
  pair.fakeCas.misbehave({ kind: 'failure', code: 'INVALID_TICKET', message: '<script>alert(1)</script> PGT-1-live' });
  const page = await comeBack(visitor, withTicket(service, 'ST-1-a'), pair);
  assert.doesNotMatch(page.body + pair.portal.log.join(), /alert|PGT-1/);
});
