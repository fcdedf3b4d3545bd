import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { type KeepableOptions, keepable } from '../../src/koa/keepable.ts';
import { appFor } from './body-support.ts';
import { raw } from './support.ts';

const ORIGIN = 'https://portal.example.edu';

type Headers = Readonly<Record<string, string>>;

/** A form of our own page, as browsers send it now. */
const FORM: Headers = {
  accept: 'text/html,application/xhtml+xml,*/*;q=0.8',
  origin: ORIGIN,
  'sec-fetch-dest': 'document',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-site': 'same-origin',
};

/** The same from a browser of before 2020, or over plain http. */
const OLD_FORM: Headers = { accept: 'text/html,*/*;q=0.8', origin: ORIGIN };

function without(headers: Headers, ...names: readonly string[]): Headers {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)));
}

async function verdictOf(t: TestContext, headers: Headers, method = 'POST', options: Partial<KeepableOptions> = {}) {
  const { url } = await appFor(t, (ctx) => {
    ctx.body = keepable(ctx, { origin: ORIGIN, ...options });
  });
  const { body } = await raw(url, { method, headers });
  const { keepable: isKeepable, reason } = JSON.parse(body);
  return isKeepable ? 'keepable' : reason;
}

describe('PP2 only what a person looks at is kept:', () => {
  for (const [name, headers, expected] of [
    ['a form', FORM, 'keepable'],
    ['a form of an old browser', OLD_FORM, 'keepable'],
    ['fetch', { ...FORM, 'sec-fetch-dest': 'empty', 'sec-fetch-mode': 'cors' }, 'notNavigation'],
    [
      'fetch that accepts HTML',
      { ...FORM, 'sec-fetch-dest': 'empty', 'sec-fetch-mode': 'same-origin' },
      'notNavigation',
    ],
    ['a form in a frame', { ...FORM, 'sec-fetch-dest': 'iframe' }, 'notNavigation'],
    ['an XHR of an old browser', { ...OLD_FORM, 'x-requested-with': 'XMLHttpRequest' }, 'notNavigation'],
    ['fetch of an old browser', { ...OLD_FORM, accept: '*/*' }, 'notNavigation'],
    ['a script', { ...OLD_FORM, accept: 'application/json' }, 'notNavigation'],
  ] as const) {
    test(name, async (t) => assert.equal(await verdictOf(t, headers), expected));
  }
});

describe('PP3 only what provably comes from our own origin is kept:', () => {
  for (const [name, headers, expected] of [
    ['Sec-Fetch-Site says so, and a proxy took Origin off', without(FORM, 'origin'), 'keepable'],
    ['Sec-Fetch-Site says so, on a page without a referrer', { ...FORM, origin: 'null' }, 'keepable'],
    [
      'Sec-Fetch-Site says so of another name of this host',
      { ...FORM, origin: 'https://alias.example.edu' },
      'otherOrigin',
    ],
    ['another site', { ...FORM, 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }, 'otherOrigin'],
    ['another site with our Origin', { ...FORM, 'sec-fetch-site': 'cross-site' }, 'otherOrigin'],
    ['another site that hides its name', { ...FORM, 'sec-fetch-site': 'cross-site', origin: 'null' }, 'otherOrigin'],
    [
      'a sibling of the same site',
      { ...FORM, 'sec-fetch-site': 'same-site', origin: 'https://blog.example.edu' },
      'otherOrigin',
    ],
    ['a sibling with our Origin', { ...FORM, 'sec-fetch-site': 'same-site' }, 'otherOrigin'],
    ['nobody, as after a restart of the browser', { ...FORM, 'sec-fetch-site': 'none' }, 'unknownOrigin'],
    ['a word that no browser says', { ...FORM, 'sec-fetch-site': 'same-origin, same-origin' }, 'otherOrigin'],
    ['an old browser with our Origin', OLD_FORM, 'keepable'],
    ['an old browser on a sibling', { ...OLD_FORM, origin: 'https://blog.example.edu' }, 'otherOrigin'],
    [
      'an old browser on the same host without TLS',
      { ...OLD_FORM, origin: 'http://portal.example.edu' },
      'otherOrigin',
    ],
    ['an old browser on another port', { ...OLD_FORM, origin: `${ORIGIN}:8443` }, 'otherOrigin'],
    [
      'an old browser on a host whose name begins with ours',
      { ...OLD_FORM, origin: `${ORIGIN}.evil.example` },
      'otherOrigin',
    ],
    ['an old browser that hides its origin', { ...OLD_FORM, origin: 'null' }, 'unknownOrigin'],
    ['an old browser that says nothing', without(OLD_FORM, 'origin'), 'unknownOrigin'],
    [
      'an old browser with a referrer of ours alone',
      { ...without(OLD_FORM, 'origin'), referer: `${ORIGIN}/` },
      'unknownOrigin',
    ],
  ] as const) {
    test(name, async (t) => assert.equal(await verdictOf(t, headers), expected));
  }

  test('the host that a request names proves nothing', async (t) => {
    const headers = { ...OLD_FORM, origin: 'https://evil.example', host: 'evil.example' };
    assert.equal(await verdictOf(t, headers), 'otherOrigin');
  });
});

describe('PP4', () => {
  for (const method of ['GET', 'OPTIONS', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'PROPFIND']) {
    test(`${method} is not kept by default`, async (t) => {
      assert.equal(await verdictOf(t, FORM, method), 'method');
    });
  }

  for (const method of ['PUT', 'PATCH', 'DELETE'] as const) {
    test(`${method} is kept if it is named`, async (t) => {
      assert.equal(await verdictOf(t, FORM, method, { methods: ['POST', method] }), 'keepable');
    });
  }

  test('TRACE is not kept though somebody names it', async (t) => {
    const methods = ['TRACE'] as unknown as KeepableOptions['methods'] & {};
    assert.equal(await verdictOf(t, FORM, 'TRACE', { methods }), 'method');
  });

  test('what wants to upgrade is not kept', async (t) => {
    assert.equal(await verdictOf(t, { ...FORM, connection: 'upgrade', upgrade: 'h2c' }), 'upgrade');
  });
});
