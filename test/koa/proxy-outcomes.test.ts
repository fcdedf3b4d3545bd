import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { type CasOptions, isSsoError, type SsoError } from '../../src/index.ts';
import type { FakeCas, FakeCasFault, FakeCasOptions } from '../../src/testing/index.ts';
import { guardedApi, openStore, runnerScene } from '../support/proxied-calls.ts';
import type { ProxySceneSetup } from '../support/proxying.ts';

const SERVICE = 'https://api.example.edu/grades';

/** A portal that alice is signed in to, and what becomes of her asking for a ticket there. */
async function signedIn(t: TestContext, setup: Omit<ProxySceneSetup, 'mount'> = {}) {
  const store = openStore();
  const scene = await runnerScene(t, { ...setup, options: { store: store.keyv, ...setup.options } });
  assert.equal((await scene.signIn()).status, 200);
  const ask = (service = SERVICE) => scene.run((sso) => sso.proxyTicket(service));
  const fail = async (service = SERVICE): Promise<SsoError> => {
    const thrown: unknown = await ask(service).then(
      (ticket) => assert.fail(`a ticket: ${ticket}`),
      (error) => error,
    );
    assert.ok(isSsoError(thrown), String(thrown));
    return thrown;
  };
  const grants = () => [...store.records.keys()].filter((key) => key.startsWith('grant:')).length;
  return { ...scene, ask, fail, grants, store };
}

const atProxy = { endpoint: 'proxy' } as const;
const always = { endpoint: 'proxy', times: Number.POSITIVE_INFINITY } as const;

/** Whose a ticket is, as the login server says when the service validates it. */
async function whose(t: TestContext, fakeCas: FakeCas, ticket: string, service: string) {
  const accept = { service, allowedChains: () => true };
  const judge = await guardedApi(t, { cas: { serverUrl: fakeCas.url }, accept });
  const { status, body } = await judge.send(`/?ticket=${ticket}`);
  return status === 200 ? JSON.parse(body).user.id : JSON.parse(body).error.code;
}

describe('a ticket that is issued', () => {
  test('is the person’s, and good for one use', async (t) => {
    const { ask, fakeCas } = await signedIn(t);
    const ticket = await ask();
    assert.equal(await whose(t, fakeCas, ticket, SERVICE), 'alice');
    assert.equal(await whose(t, fakeCas, ticket, SERVICE), 'ERR_SSO_PROXY_TICKET_REJECTED');
  });

  for (const service of [
    'imap://mail.example.edu:993',
    'https://api.example.edu',
    'HTTPS://API.example.edu:443/../a/./b',
    'https://api.example.edu/ä ö?name=Zoë+Müller%20&x=%C3%A4&y=ü',
    'https://api.example.edu/?a=1&pgt=2&targetService=3#fragment',
    'a name with spaces, “quotes” and <markup>',
    '%zz%',
    ' https://api.example.edu/ ',
  ]) {
    test(`is for ${service}, byte for byte`, async (t) => {
      const { ask, fakeCas } = await signedIn(t);
      assert.equal(await whose(t, fakeCas, await ask(service), service), 'alice');
    });
  }
});

describe('a grant that the server gave up', () => {
  const dead: readonly (readonly [string, FakeCasOptions, string, number])[] = [
    ['proxyFailure', {}, 'INVALID_TICKET', 1],
    ['authenticationFailure', { proxyFailureStyle: 'authenticationFailure' }, 'INVALID_TICKET', 1],
    ['HTTP 500, where the server is well otherwise', { proxyFailureStyle: 'http-500' }, 'HTTP 500', 2],
  ];
  for (const [name, fakeCas, detail, asked] of dead) {
    test(`is told by ${name}`, async (t) => {
      const scene = await signedIn(t, { fakeCas });
      scene.fakeCas.expireGrants();
      const { code, status, detail: said } = await scene.fail();
      assert.deepEqual([code, status, said], ['ERR_SSO_PROXY_GRANT_EXPIRED', 401, detail]);
      assert.equal(scene.fakeCas.counts.proxy, asked);
    });
  }

  test('is told by BAD_PGT', async (t) => {
    const { fakeCas, fail } = await signedIn(t);
    fakeCas.misbehave({ kind: 'failure', code: 'BAD_PGT' }, atProxy);
    const { code, detail } = await fail();
    assert.deepEqual([code, detail], ['ERR_SSO_PROXY_GRANT_EXPIRED', 'BAD_PGT']);
  });

  test('is thrown away: the server is not asked again, and nobody finds it', async (t) => {
    const { fakeCas, fail, grants, portal } = await signedIn(t);
    fakeCas.expireGrants();
    await fail();
    assert.equal(grants(), 0);
    assert.equal((await fail()).code, 'ERR_SSO_PROXY_GRANT_EXPIRED');
    assert.equal(fakeCas.counts.proxy, 1);
    await assert.rejects(portal.sso.proxyGrants.forUser('alice'), { code: 'ERR_SSO_NO_PROXY_GRANT' });
  });

  test('leaves the login as it is, and a new login brings a new one', async (t) => {
    const { fakeCas, fail, ask, signIn, visitor, portal } = await signedIn(t);
    fakeCas.expireGrants();
    await fail();
    assert.equal((await visitor.get(`${portal.url}/me`)).status, 200);
    visitor.cookies.clear(/^sso-/);
    await signIn();
    assert.match(await ask(), /^PT-/);
  });
});

describe('a server that fails is not a grant that is gone, and the grant stays', () => {
  test('when it is broken for everybody, which a second look shows', async (t) => {
    const { fakeCas, fail, ask, grants } = await signedIn(t);
    fakeCas.misbehave('status-500', always);
    fakeCas.misbehave('status-500', { times: Number.POSITIVE_INFINITY });
    const validated = fakeCas.counts.validate;
    const { code, status, detail } = await fail();
    assert.deepEqual([code, status, detail], ['ERR_SSO_CAS_BAD_STATUS', 502, 'HTTP 500']);
    assert.deepEqual([fakeCas.counts.proxy, fakeCas.counts.validate - validated, grants()], [2, 1, 1]);
    fakeCas.behave();
    assert.match(await ask(), /^PT-/);
  });

  test('when it was broken only the first time, which is no failure at all', async (t) => {
    const { fakeCas, ask } = await signedIn(t);
    fakeCas.misbehave('status-500', atProxy);
    assert.match(await ask(), /^PT-/);
  });

  test('when it is gone at the second look', async (t) => {
    const { fakeCas, fail, grants } = await signedIn(t);
    fakeCas.misbehave('status-500', atProxy);
    fakeCas.misbehave('drop-before-headers', atProxy);
    assert.equal((await fail()).code, 'ERR_SSO_CAS_BAD_STATUS');
    assert.equal(grants(), 1);
  });

  const faults: readonly (readonly [FakeCasFault, string, number])[] = [
    ['drop-before-headers', 'ERR_SSO_CAS_UNREACHABLE', 503],
    ['drop-after-headers', 'ERR_SSO_CAS_UNREACHABLE', 503],
    ['hang', 'ERR_SSO_CAS_TIMEOUT', 504],
    ['status-404', 'ERR_SSO_CAS_BAD_STATUS', 502],
    ['redirect', 'ERR_SSO_CAS_BAD_STATUS', 502],
    ['html-error', 'ERR_SSO_CAS_BAD_ANSWER', 502],
    ['empty', 'ERR_SSO_CAS_BAD_ANSWER', 502],
    ['truncated', 'ERR_SSO_CAS_BAD_ANSWER', 502],
    ['huge', 'ERR_SSO_CAS_BAD_ANSWER', 502],
    ['bomb', 'ERR_SSO_CAS_BAD_ANSWER', 502],
  ];
  for (const [fault, code, status] of faults) {
    test(`when it answers with ${fault}: ${code}`, async (t) => {
      const { fakeCas, fail, ask, grants } = await signedIn(t, { cas: { timeoutMs: 300 } });
      fakeCas.misbehave(fault, atProxy);
      const thrown = await fail();
      assert.deepEqual([thrown.code, thrown.status, grants()], [code, status, 1]);
      assert.deepEqual([fakeCas.counts.proxy, fakeCas.counts.other], [1, 0]);
      assert.match(await ask(), /^PT-/);
    });
  }

  test('when nobody listens', async (t) => {
    const { fakeCas, fail, grants } = await signedIn(t);
    await fakeCas.close();
    const { code, detail } = await fail();
    assert.deepEqual([code, detail, grants()], ['ERR_SSO_CAS_UNREACHABLE', 'ECONNREFUSED', 1]);
  });
});

describe('a ticket that is refused', () => {
  for (const proxyFailureStyle of ['proxyFailure', 'authenticationFailure'] as const) {
    test(`by ${proxyFailureStyle} says the server’s own code, and no login would help`, async (t) => {
      const allowTarget = (service: string) => service !== SERVICE;
      const { fail, ask, grants } = await signedIn(t, { fakeCas: { allowTarget, proxyFailureStyle } });
      const { code, status, detail, message } = await fail();
      assert.deepEqual([code, status, detail], ['ERR_SSO_PROXY_REFUSED', 502, 'UNAUTHORIZED_SERVICE']);
      assert.match(message, /\(UNAUTHORIZED_SERVICE\)$/);
      assert.equal(grants(), 1);
      assert.match(await ask(`${SERVICE}/other`), /^PT-/);
    });
  }

  for (const [sent, kept] of [
    ['UNAUTHORIZED_SERVICE_PROXY', 'UNAUTHORIZED_SERVICE_PROXY'],
    ['INTERNAL_ERROR', 'INTERNAL_ERROR'],
    ['invalid_ticket', 'invalid_ticket'],
    ['PGT-1-a secret', 'UNKNOWN_CODE'],
    ['', 'UNKNOWN_CODE'],
  ] as const) {
    test(`with the code “${sent}” keeps ${kept}`, async (t) => {
      const { fakeCas, fail, grants } = await signedIn(t);
      fakeCas.misbehave({ kind: 'failure', code: sent }, atProxy);
      const { code, detail } = await fail();
      assert.deepEqual([code, detail, grants()], ['ERR_SSO_PROXY_REFUSED', kept, 1]);
    });
  }
});

describe('without a grant no server is asked', () => {
  test('when nobody is signed in: ERR_SSO_LOGIN_REQUIRED', async (t) => {
    const scene = await runnerScene(t);
    for (const job of ['proxyTicket', 'fetch'] as const) {
      const asked = scene.run((sso) => Promise.resolve<unknown>(sso[job](SERVICE)));
      await assert.rejects(asked, { name: 'SsoError', code: 'ERR_SSO_LOGIN_REQUIRED', status: 401 });
    }
    assert.equal(scene.fakeCas.counts.proxy, 0);
  });

  const without: readonly (readonly [string, Partial<CasOptions>])[] = [
    ['the portal asks for none', { proxyGrants: false, proxyGrantWaitMs: 0 }],
    ['the callback cannot be reached', { proxyCallbackUrl: 'http://localhost:9/nobody-listens' }],
  ];
  for (const [name, cas] of without) {
    test(`when ${name}: ERR_SSO_NO_PROXY_GRANT`, async (t) => {
      const { fail, fakeCas } = await signedIn(t, { cas });
      const { code, status } = await fail();
      assert.deepEqual([code, status, fakeCas.counts.proxy], ['ERR_SSO_NO_PROXY_GRANT', 403, 0]);
    });
  }

  test('when the person logged out meanwhile', async (t) => {
    const { run, portal, fakeCas, visitor, grants } = await signedIn(t);
    const grant = await portal.sso.proxyGrants.forUser('alice');
    await visitor.post(`${portal.url}/sso/logout?scope=here`, {});
    assert.equal(grants(), 0);
    await assert.rejects(grant.proxyTicket(SERVICE), { code: 'ERR_SSO_PROXY_GRANT_EXPIRED' });
    await assert.rejects(
      run((sso) => sso.proxyTicket(SERVICE)),
      { code: 'ERR_SSO_LOGIN_REQUIRED' },
    );
    assert.equal(fakeCas.counts.proxy, 0);
  });

  for (const service of ['', undefined, 42, new URL(SERVICE)]) {
    test(`for ${String(service) || 'nothing'} in place of the name of a service: TypeError`, async (t) => {
      const { run, fakeCas } = await signedIn(t);
      await assert.rejects(
        run((sso) => sso.proxyTicket(service as string)),
        TypeError,
      );
      assert.equal(fakeCas.counts.proxy, 0);
    });
  }
});
