import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { explanations, type SsoErrorCode } from '../../src/errors.ts';
import { cas } from '../../src/index.ts';
import { type ShownRequest, sendRequestPage } from '../../src/koa/request-page.ts';
import type { Runtime } from '../../src/koa/runtime.ts';
import { type CampusSsoOptions, type ErrorPage, resolveOptions } from '../../src/options.ts';
import { decodeEntities } from '../support/html-form.ts';
import { TEST_SECRET } from '../support/portal.ts';
import { appFor } from './body-support.ts';
import { FETCH, NAVIGATION, raw } from './support.ts';

const CODES = (Object.keys(explanations) as SsoErrorCode[]).filter((code) => code.startsWith('ERR_SSO_REQUEST_'));

type Setup = Pick<CampusSsoOptions, 'errorPage'> & { readonly headers?: Readonly<Record<string, string>> };

async function show(t: TestContext, shown: ShownRequest, { headers = NAVIGATION, ...given }: Setup = {}) {
  const log: string[] = [];
  const write = (level: string) => (message: string) => void log.push(`${level} ${message}`);
  const options = resolveOptions({
    baseUrl: 'https://portal.example.edu/app',
    secrets: [TEST_SECRET],
    login: cas({ serverUrl: 'https://login.example.edu/cas' }),
    logger: { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') },
    ...given,
  });
  const { url, errors } = await appFor(t, (ctx) => sendRequestPage(ctx, { options } as Runtime, shown));
  const answer = await raw(url, { headers });
  const links = [...answer.body.matchAll(/<a class="(\w+)" href="([^"]*)">([^<]*)<\/a>/g)].map(
    ([, look, href = '', label]) => [look, decodeEntities(href), label],
  );
  return { ...answer, log, links, errors };
}

const USED = 'ERR_SSO_REQUEST_USED';

describe('every code has a page', () => {
  for (const code of CODES) {
    test(code, async (t) => {
      const { status, message } = explanations[code];
      const page = await show(t, { code });
      assert.equal(page.status, status);
      assert.ok(decodeEntities(page.body).includes(`<p>${message}</p>`));
      assert.match(page.body, new RegExp(`<code>${code}</code>`));
      const title = /<h1>(.*)<\/h1>/.exec(page.body)?.[1] ?? '';
      assert.match(title, /^[A-Z]\w/);
      assert.notEqual(title, 'This was not sent', 'a title of its own');
    });
  }
});

test('a code of something else has a title as well', async (t) => {
  assert.match((await show(t, { code: 'ERR_SSO_STORE' })).body, /<h1>This was not sent<\/h1>/);
});

test('the page has no script and no form, is not cached, and tells nobody its address', async (t) => {
  const { headers, body } = await show(t, { code: USED });
  assert.equal(
    headers['content-security-policy'],
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  );
  assert.doesNotMatch(body, /<script|<form|<dl/);
  assert.equal(headers['cache-control'], 'no-store');
  assert.equal(headers['referrer-policy'], 'no-referrer');
});

test('the first way on is the page that the person came from', async (t) => {
  const { links } = await show(t, { code: USED, returnTo: '/app/grades?a=1&b=2' });
  assert.deepEqual(links, [
    ['primary', '/app/grades?a=1&b=2', 'Go back to the page'],
    ['secondary', '/app/', 'Go to the start page'],
  ]);
});

for (const returnTo of [undefined, '/app/']) {
  test(`the start page is offered once where the way back is ${returnTo}`, async (t) => {
    const { links } = await show(t, { code: USED, ...(returnTo === undefined ? {} : { returnTo }) });
    assert.deepEqual(links, [['primary', '/app/', 'Go to the start page']]);
  });
}

for (const returnTo of ['javascript:alert(1)', '//evil.example/', 'https://evil.example/', '/elsewhere']) {
  test(`${returnTo} is no way back`, async (t) => {
    const { links } = await show(t, { code: USED, returnTo });
    assert.deepEqual(links, [['primary', '/app/', 'Go to the start page']]);
  });
}

test('markup in the way back stays text', async (t) => {
  const { body, links } = await show(t, { code: USED, returnTo: '/app/"><script>alert(1)</script>' });
  assert.doesNotMatch(body, /<script/);
  assert.equal(links[0]?.[1], '/app/"><script>alert(1)</script>');
});

test('a status that is given takes the place of the usual one', async (t) => {
  const { status, log } = await show(t, { code: 'ERR_SSO_REQUEST_TOO_LARGE', status: 403 });
  assert.equal(status, 403);
  assert.deepEqual(log, ['warn ERR_SSO_REQUEST_TOO_LARGE: answered with 403']);
});

describe('what the person asked for', () => {
  const ASKED = { code: 'ERR_SSO_REQUEST_DISCARDED', status: 200 } as const;

  test('is no failure', async (t) => {
    const { status, body } = await show(t, ASKED);
    assert.equal(status, 200);
    assert.match(body, /<h1>Erased, and not sent<\/h1>/);
    assert.doesNotMatch(body, /Reference/);
  });

  test('is not logged', async (t) => {
    assert.deepEqual((await show(t, ASKED)).log, []);
  });
});

describe('the log', () => {
  test('warns of what a visitor or a browser did', async (t) => {
    const { log } = await show(t, { code: USED, returnTo: '/app/secret' });
    assert.deepEqual(log, ['warn ERR_SSO_REQUEST_USED: answered with 409']);
  });

  test('has an error where the site is at fault', async (t) => {
    const { log } = await show(t, { code: 'ERR_SSO_REQUEST_NOT_STORED' });
    assert.deepEqual(log, ['error ERR_SSO_REQUEST_NOT_STORED: answered with 503']);
  });

  test('tells the developer what the page does not', async (t) => {
    const { log, body } = await show(t, { code: 'ERR_SSO_REQUEST_PARSED' });
    assert.equal(log.length, 1);
    assert.match(
      log[0] ?? '',
      /^error ERR_SSO_REQUEST_PARSED \(a body parser .*sso\.routes\(\).*\): answered with 500$/,
    );
    assert.doesNotMatch(body, /parser|routes/);
  });
});

describe('an errorPage of the application', () => {
  test('writes the answer, with status and headers in place', async (t) => {
    const pages: ErrorPage[] = [];
    const answer = await show(
      t,
      { code: USED, returnTo: '/app/grades' },
      {
        errorPage(page, ctx) {
          pages.push(page);
          ctx.body = 'ours';
        },
      },
    );
    assert.equal(answer.status, 409);
    assert.equal(answer.body, 'ours');
    assert.equal(answer.headers['cache-control'], 'no-store');
    assert.equal(answer.log.length, 1);
    assert.deepEqual(pages, [
      {
        code: USED,
        status: 409,
        title: 'Already sent',
        message: explanations[USED].message,
        retryUrl: '/app/grades',
        messages: [],
      },
    ]);
  });

  test('gets the start page where there is no page to go back to', async (t) => {
    const { body } = await show(
      t,
      { code: USED },
      {
        errorPage: (page, ctx) => {
          ctx.body = page.retryUrl;
        },
      },
    );
    assert.equal(body, '/app/');
  });

  test('gets the status that was given', async (t) => {
    const errorPage: Setup['errorPage'] = (page, ctx) => {
      ctx.body = `${page.status}`;
    };
    const { body } = await show(t, { code: 'ERR_SSO_REQUEST_DISCARDED', status: 200 }, { errorPage });
    assert.equal(body, '200');
  });

  test('comes before JSON', async (t) => {
    const errorPage: Setup['errorPage'] = (_page, ctx) => {
      ctx.body = 'ours';
    };
    assert.equal((await show(t, { code: USED }, { errorPage, headers: FETCH })).body, 'ours');
  });

  test('that throws is an error of the application', async (t) => {
    const thrown = new Error('of the template');
    const errorPage = () => Promise.reject(thrown);
    assert.deepEqual((await show(t, { code: USED }, { errorPage })).errors, [thrown]);
  });
});

test('callers that read JSON get JSON', async (t) => {
  const { status, headers, body, log } = await show(t, { code: USED, returnTo: '/app/x' }, { headers: FETCH });
  assert.equal(status, 409);
  assert.match(String(headers['content-type']), /^application\/json/);
  assert.equal(headers['cache-control'], 'no-store');
  assert.deepEqual(JSON.parse(body), { error: { code: USED, message: explanations[USED].message } });
  assert.equal(log.length, 1);
});
