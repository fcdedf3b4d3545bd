import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { describe, test } from 'node:test';
import { queryObjects } from 'node:v8';
import Koa from 'koa';
import { createRequestCookies } from '../../src/koa/request-cookies.ts';
import { listen } from '../support/portal.ts';
import { assertOurCookie, browserAt, contextFor, HTTP_URL, HTTPS_URL, linesOf, optionsWith } from './cookie-support.ts';
import { cookiesWith, kept } from './request-cookie-support.ts';
import { cookieHeader, raw, stoppedClock } from './support.ts';

const HOUR_MS = 3_600_000;

describe('the cookie of a kept request', () => {
  for (const baseUrl of [HTTP_URL, HTTPS_URL]) {
    const https = baseUrl === HTTPS_URL;

    test(`is HttpOnly, Lax, for this host only and for one hour under ${baseUrl}`, () => {
      const { cookies } = cookiesWith({ baseUrl });
      const ctx = contextFor();
      cookies.issue(ctx, kept());
      assert.equal(linesOf(ctx).length, 1);
      assertOurCookie(linesOf(ctx)[0], https, HOUR_MS);
    });

    test(`has the handle at the end of its name under ${baseUrl}`, () => {
      const { cookies } = cookiesWith({ baseUrl });
      const ctx = contextFor();
      const one = kept();
      cookies.issue(ctx, one);
      const name = linesOf(ctx)[0]?.split('=')[0] ?? '';
      assert.match(name, https ? /^__Host-sso-request-[0-9a-f]{8}-/ : /^sso-request-[0-9a-f]{8}-/);
      assert.ok(name.endsWith(`-${one.handle}`));
    });

    test(`is taken and given back by a browser at ${baseUrl}`, () => {
      const { cookies } = cookiesWith({ baseUrl });
      const browser = browserAt(baseUrl);
      const one = kept();
      browser.visit((ctx) => cookies.issue(ctx, one));
      assert.deepEqual(
        browser.visit((ctx) => cookies.of(ctx)),
        [one],
      );
    });
  }

  test('goes over a connection and comes back', async (t) => {
    const { cookies } = cookiesWith();
    const one = kept();
    const app = new Koa();
    app.use((ctx) => {
      if (ctx.method === 'POST') cookies.issue(ctx, one);
      ctx.body = { held: cookies.of(ctx) };
    });
    const server = createServer(app.callback());
    const url = await listen(server);
    t.after(() => server.close());
    const posted = await raw(url, { method: 'POST' });
    const back = await raw(url, { headers: { cookie: `a=b; ${cookieHeader(posted.headers['set-cookie'])}` } });
    assert.deepEqual(JSON.parse(back.body), { held: [one] });
  });

  test('may be without an attempt', () => {
    const { cookies } = cookiesWith();
    const browser = browserAt(HTTP_URL);
    const one = kept({ attempt: '' });
    browser.visit((ctx) => cookies.issue(ctx, one));
    assert.deepEqual(
      browser.visit((ctx) => cookies.find(ctx, one.handle)),
      one,
    );
  });

  test('of another app on the same host is not seen', () => {
    const browser = browserAt(HTTP_URL);
    const other = cookiesWith({ baseUrl: 'http://localhost:3001' });
    browser.visit((ctx) => other.cookies.issue(ctx, kept()));
    assert.deepEqual(
      browser.visit((ctx) => cookiesWith().cookies.of(ctx)),
      [],
    );
  });

  for (const part of ['handle', 'id', 'secret', 'browser', 'attempt'] as const) {
    test(`is not made of a malformed ${part}, and no message tells its secret`, () => {
      const { cookies } = cookiesWith();
      const ctx = contextFor();
      const one = kept({ [part]: 'x' });
      const isQuiet = (thrown: unknown) => thrown instanceof RangeError && !thrown.message.includes(one.secret);
      assert.throws(() => cookies.issue(ctx, one), isQuiet);
      assert.deepEqual(linesOf(ctx), []);
    });
  }
});

describe('the id of a browser', () => {
  test('is a new one of 128 bits without cookies', () => {
    const sizes: number[] = [];
    const cookies = createRequestCookies(optionsWith(), (bytes) => {
      sizes.push(bytes);
      return Buffer.alloc(bytes, 7);
    });
    assert.equal(cookies.browserOf(contextFor()), Buffer.alloc(16, 7).toString('base64url'));
    assert.deepEqual(sizes, [16]);
  });

  test('stays the same within one request, before and after a cookie is set', () => {
    const { cookies } = cookiesWith();
    const ctx = contextFor();
    const browser = cookies.browserOf(ctx);
    assert.equal(cookies.browserOf(ctx), browser);
    cookies.issue(ctx, kept({ browser }));
    assert.equal(cookies.browserOf(ctx), browser);
  });

  test('stays the same within one request whatever is set meanwhile', () => {
    const { cookies } = cookiesWith();
    const ctx = contextFor();
    const browser = cookies.browserOf(ctx);
    cookies.issue(ctx, kept());
    assert.equal(cookies.browserOf(ctx), browser);
  });

  test('stays the same within one request when all cookies are cleared', () => {
    const { cookies } = cookiesWith();
    const visitor = browserAt(HTTP_URL);
    visitor.visit((ctx) => cookies.issue(ctx, kept()));
    visitor.visit((ctx) => {
      const browser = cookies.browserOf(ctx);
      cookies.clearAll(ctx);
      assert.equal(cookies.browserOf(ctx), browser);
    });
  });

  test('is that of the latest cookie', () => {
    const clock = stoppedClock();
    const { cookies } = cookiesWith({ clock });
    const visitor = browserAt(HTTP_URL);
    visitor.visit((ctx) => cookies.issue(ctx, kept()));
    clock.advance(2);
    const latest = kept();
    visitor.visit((ctx) => cookies.issue(ctx, latest));
    assert.equal(visitor.visit(cookies.browserOf), latest.browser);
  });

  test('is not that of another request', () => {
    const { cookies } = cookiesWith();
    assert.notEqual(cookies.browserOf(contextFor()), cookies.browserOf(contextFor()));
  });
});

// The module `cookies` keeps a regular expression for every cookie name that it was ever asked for.
test('many requests leave nothing behind in the memory of the process', () => {
  const { cookies } = cookiesWith();
  const goThrough = () => {
    const visitor = browserAt(HTTP_URL);
    const one = kept();
    visitor.visit((ctx) => cookies.issue(ctx, one));
    visitor.visit((ctx) => cookies.find(ctx, one.handle));
    visitor.visit((ctx) => cookies.clear(ctx, one.handle));
  };
  goThrough();
  const livingPatterns = () => queryObjects(RegExp, { format: 'count' });
  const before = livingPatterns();
  for (let count = 0; count < 30; count += 1) goThrough();
  assert.ok(livingPatterns() - before < 30, 'each of them is remembered for ever');
});
