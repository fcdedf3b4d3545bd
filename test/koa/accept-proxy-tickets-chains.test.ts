import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { AllowedChains } from '../../src/index.ts';
import { type GuardedApi, guardedApi, PORTAL } from '../support/proxied-calls.ts';

const OTHER = 'https://other.example.edu/callback';
const FIRST = 'https://first.example.edu/callback';

/** What becomes of a call through these proxies: the person, or the code of the refusal. */
async function outcome({ call, api, fakeCas }: GuardedApi, proxies: readonly string[]): Promise<string> {
  const asked = fakeCas.counts.validate;
  const { status, body } = await call('/grades', { proxies });
  assert.equal(fakeCas.counts.validate, asked + 1);
  const { user, error } = JSON.parse(body);
  assert.deepEqual([status, api.seen.length], user ? [200, 1] : [401, 0], body);
  return user?.id ?? error.code;
}

const REFUSED = 'ERR_SSO_PROXY_CHAIN';

describe('nobody may call who is not allowed to', () => {
  const nobody: readonly (readonly [string, AllowedChains])[] = [
    ['an empty list', []],
    ['another proxy', [[OTHER]]],
    ['a longer chain', [[PORTAL, OTHER]]],
    ['a function that says no', () => false],
  ];
  for (const [name, allowedChains] of nobody) {
    test(`with ${name}`, async (t) => {
      assert.equal(await outcome(await guardedApi(t, { accept: { allowedChains } }), [PORTAL]), REFUSED);
    });
  }

  test('and a refusal for the chain names no chain to the caller', async (t) => {
    const { call } = await guardedApi(t, { accept: { allowedChains: [[OTHER]] } });
    const { body, headers } = await call('/', { proxies: [PORTAL] });
    assert.doesNotMatch(`${body}${JSON.stringify(headers)}`, /portal\.example|other\.example/);
  });
});

for (const format of ['XML', 'JSON'] as const) {
  const guarded = async (t: Parameters<typeof guardedApi>[0], allowedChains: AllowedChains, allowDirect?: boolean) => {
    const accept = { allowedChains, ...(allowDirect === undefined ? {} : { allowDirect }) };
    return guardedApi(t, { cas: { format }, accept });
  };

  describe(`a chain that is told in ${format}`, () => {
    test('is allowed by the exact address of its proxy', async (t) => {
      const scene = await guarded(t, [[PORTAL]]);
      assert.equal(await outcome(scene, [PORTAL]), 'alice');
      const [{ endpoint, format: asked } = {}] = scene.fakeCas.validations;
      assert.deepEqual([endpoint, asked], ['/p3/proxyValidate', format === 'JSON' ? 'JSON' : undefined]);
    });

    for (const near of [
      `${PORTAL}/`,
      `${PORTAL}?x=1`,
      `${PORTAL}.evil.example`,
      PORTAL.toUpperCase(),
      PORTAL.replace('https:', 'http:'),
      PORTAL.replace('.edu', '.edu:8443'),
      PORTAL.replace('portal', 'portal.evil'),
    ]) {
      test(`is not allowed by an address that only resembles ${near}`, async (t) => {
        assert.equal(await outcome(await guarded(t, [[PORTAL]]), [near]), REFUSED);
      });
    }

    test('is allowed by an anchored pattern, and by nothing that only contains a match', async (t) => {
      const pattern = /^https:\/\/(?:portal|campus)\.example\.edu\/sso\/proxy-callback$/;
      assert.equal(await outcome(await guarded(t, [[pattern]]), [PORTAL]), 'alice');
      for (const near of [`${PORTAL}/x`, `https://evil.example/?${PORTAL}`, PORTAL.replaceAll('.', 'x')]) {
        assert.equal(await outcome(await guarded(t, [[pattern]]), [near]), REFUSED);
      }
    });

    test('is allowed by any one of several chains', async (t) => {
      assert.equal(await outcome(await guarded(t, [[OTHER], [PORTAL, FIRST], [PORTAL]]), [PORTAL]), 'alice');
    });

    test('is allowed when every proxy of it is, the most recent first', async (t) => {
      assert.equal(await outcome(await guarded(t, [[PORTAL, /^https:\/\/first\..*$/]]), [PORTAL, FIRST]), 'alice');
    });

    for (const [name, proxies] of [
      ['the other way round', [FIRST, PORTAL]],
      ['with another proxy in the first place', [OTHER, FIRST]],
      ['with another proxy in the second place', [PORTAL, OTHER]],
      ['with one more in front', [OTHER, PORTAL, FIRST]],
      ['with one more behind', [PORTAL, FIRST, OTHER]],
      ['with one less', [PORTAL]],
      ['with one twice', [PORTAL, PORTAL]],
    ] as const) {
      test(`is not allowed ${name}`, async (t) => {
        assert.equal(await outcome(await guarded(t, [[PORTAL, FIRST]]), proxies), REFUSED);
      });
    }

    test('is allowed by a function, which gets all of it, the most recent first', async (t) => {
      const asked: (readonly string[])[] = [];
      const allow = (proxies: readonly string[]) => asked.push(proxies) > 0;
      assert.equal(await outcome(await guarded(t, allow), [PORTAL, FIRST]), 'alice');
      assert.deepEqual(asked, [[PORTAL, FIRST]]);
    });

    for (const [name, decide] of [
      ['throws', () => assert.fail('a fault in the function')],
      ['returns a promise', () => Promise.resolve(true)],
      ['returns something that is not true', () => 'yes'],
      ['changes the chain', (proxies: string[]) => proxies.splice(0).length > 0],
    ] as const) {
      test(`is not allowed by a function that ${name}`, async (t) => {
        const allowedChains = decide as unknown as AllowedChains;
        assert.equal(await outcome(await guarded(t, allowedChains), [PORTAL]), REFUSED);
      });
    }

    test('is not allowed when it is empty, whatever is allowed', async (t) => {
      for (const allowedChains of [[[PORTAL]], [[/^.*$/]], [], () => true]) {
        assert.equal(await outcome(await guarded(t, allowedChains), []), REFUSED);
      }
    });

    test('may be empty where people may come themselves, and others are still not allowed', async (t) => {
      assert.equal(await outcome(await guarded(t, [[PORTAL]], true), []), 'alice');
      assert.equal(await outcome(await guarded(t, [], true), []), 'alice');
      assert.equal(await outcome(await guarded(t, [[PORTAL]], true), [OTHER]), REFUSED);
    });
  });
}

test('a server of CAS 2.0 is asked at its own endpoint, and the chain counts all the same', async (t) => {
  const scene = await guardedApi(t, { cas: { version: '2.0' } });
  assert.equal(await outcome(scene, [PORTAL]), 'alice');
  assert.equal(scene.fakeCas.validations[0]?.endpoint, '/proxyValidate');
  assert.equal(await outcome(await guardedApi(t, { cas: { version: '2.0' } }), [OTHER]), REFUSED);
});
