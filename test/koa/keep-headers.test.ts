import assert from 'node:assert/strict';
import type { IncomingHttpHeaders } from 'node:http';
import { type TestContext, test } from 'node:test';
import { carry, onlyHeld } from './keep-safety-support.ts';
import { keepScene, signedIn } from './keep-support.ts';
import { cookiesFor, NAVIGATION, raw } from './support.ts';

/** What nobody may bring over a login, even where an application names it. */
const NEVER: Readonly<Record<string, string>> = {
  authorization: 'Basic c2F2ZWQ6c2F2ZWQ=',
  'proxy-authorization': 'Basic c2F2ZWQ6c2F2ZWQ=',
  'x-forwarded-for': '203.0.113.66',
  'x-forwarded-host': 'saved.example.com',
  'x-forwarded-proto': 'saved',
  'x-real-ip': '203.0.113.66',
  forwarded: 'for=203.0.113.66;host=saved.example.com',
  via: '1.1 saved',
  expect: '100-continue',
  te: 'trailers',
  'transfer-encoding': 'chunked',
  'if-match': '"saved"',
  'if-none-match': '"saved"',
  'if-modified-since': 'Thu, 01 Jan 1970 00:00:00 GMT',
  'if-unmodified-since': 'Thu, 01 Jan 1970 00:00:00 GMT',
  'if-range': '"saved"',
  range: 'bytes=0-1',
};

const BODY = 'saved=körper';

interface Replay {
  readonly headers: IncomingHttpHeaders;
  /** Names, in lower case, with their values, as they came. */
  readonly pairs: readonly (readonly [string, string])[];
  readonly distinct: NodeJS.Dict<string[]>;
  readonly theme: string | undefined;
  readonly body: string;
  readonly host: string;
}

interface Sending {
  /** Headers of the form. */
  readonly saved: Readonly<Record<string, string>>;
  /** Headers of the small form that brings it back. */
  readonly live: Readonly<Record<string, string>>;
  /** `keptRequests.headers` */
  readonly headers: readonly string[];
  readonly ipHeader?: string;
}

/** Sends a form with all kinds of headers and other cookies, logs in, and gives what its handler saw. */
async function replayed(
  t: TestContext,
  { saved, live, headers: allowed, ipHeader = 'X-Forwarded-For' }: Sending,
): Promise<Replay> {
  let seen: Replay | undefined;
  const scene = await keepScene(t, {
    options: { keptRequests: { headers: allowed } },
    mount(app, sso) {
      app.proxyIpHeader = ipHeader;
      app.use(sso.session(app));
      app.use(sso.routes());
      app.use(sso.requireLogin({ keepBody: true }));
      app.use(async (ctx) => {
        const chunks: Buffer[] = [];
        for await (const chunk of ctx.req) chunks.push(chunk as Buffer);
        const { rawHeaders, headers, headersDistinct } = ctx.req;
        const names = rawHeaders.filter((_, index) => index % 2 === 0);
        ctx.body = 'done';
        if (ctx.method !== 'POST') return;
        seen = {
          headers,
          pairs: names.map((name, index) => [name.toLowerCase(), rawHeaders[2 * index + 1] ?? '']),
          distinct: headersDistinct,
          theme: ctx.cookies.get('theme'),
          body: Buffer.concat(chunks).toString(),
          host: ctx.host,
        };
      });
    },
  });
  const browser = await signedIn(scene);
  const { url } = scene.portal;
  browser.cookies.clear(/sso-session/);
  browser.cookies.store(new URL(url), ['theme=saved; path=/']);
  const answer = await raw(`${url}/form`, {
    method: 'POST',
    body: BODY,
    headers: {
      ...NAVIGATION,
      'sec-fetch-site': 'same-origin',
      origin: url,
      referer: `${url}/saved`,
      ...cookiesFor(browser, url),
      'content-type': 'text/x-saved; charset=utf-8',
      ...saved,
    },
  });
  assert.equal(answer.status, 303, answer.body);
  browser.cookies.store(new URL(url), answer.headers['set-cookie'] ?? []);
  browser.cookies.store(new URL(url), ['theme=live; path=/']);
  await (await browser.get(answer.headers.location ?? '', { from: `${url}/form` })).settle();
  const done = await carry(browser, scene, onlyHeld(browser), { headers: live });
  assert.equal(done.status, 200, done.body);
  assert.deepEqual(scene.portal.errors, []);
  assert.ok(seen);
  assert.equal(seen.body, BODY);
  return seen;
}

const everyValue = ({ headers, pairs, distinct }: Replay) => JSON.stringify([headers, pairs, distinct]);

/** The same in all three places in which Node keeps headers. */
function assertHeader({ headers, pairs, distinct }: Replay, name: string, value: string | undefined): void {
  const values = value === undefined ? [] : [value];
  assert.equal(headers[name], value, name);
  assert.deepEqual(
    pairs.filter(([other]) => other === name).map(([, one]) => one),
    values,
    name,
  );
  assert.deepEqual(distinct[name] ?? [], values, name);
}

test('PP20 what says how to read the body and how to answer it comes back', async (t) => {
  const kept = {
    accept: 'text/html, text/x-saved;q=0.5',
    'accept-language': 'de-AT, de;q=0.7',
    'content-language': 'de',
    'content-encoding': 'identity',
    'idempotency-key': '"key of the sender"',
  };
  const seen = await replayed(t, { saved: kept, live: { 'accept-language': 'fr' }, headers: [] });
  for (const [name, value] of Object.entries(kept)) assertHeader(seen, name, value);
  assertHeader(seen, 'content-type', 'text/x-saved; charset=utf-8');
  assertHeader(seen, 'content-length', `${Buffer.byteLength(BODY)}`);
});

test('PP20 nothing else comes back', async (t) => {
  const seen = await replayed(t, { saved: { 'x-note': 'saved', dnt: '0' }, live: {}, headers: [] });
  assertHeader(seen, 'x-note', undefined);
  assertHeader(seen, 'dnt', undefined);
});

test('PP20 what the application names comes back as well', async (t) => {
  const seen = await replayed(t, {
    saved: { 'x-note': 'saved', 'x-mine': 'also' },
    live: { 'x-note': 'live' },
    headers: ['X-Note', 'x-mine'],
  });
  assertHeader(seen, 'x-note', 'saved');
  assertHeader(seen, 'x-mine', 'also');
});

for (const names of [[], Object.keys(NEVER)]) {
  test(`PP20 credentials, forwarded and conditional headers never come back${names.length > 0 ? ', even if they are named' : ''}`, async (t) => {
    const seen = await replayed(t, { saved: NEVER, live: {}, headers: names });
    for (const name of Object.keys(NEVER)) assertHeader(seen, name, undefined);
  });
}

for (const names of [[], ['cookie', 'host', 'origin', 'referer']]) {
  test(`PP20 cookies, host, origin and referrer are those of the browser now${names.length > 0 ? ', even if they are named' : ''}`, async (t) => {
    const host = 'saved.example.com';
    const seen = await replayed(t, { saved: { host }, live: {}, headers: names });
    assert.equal(seen.theme, 'live');
    assert.doesNotMatch(everyValue(seen), /theme=saved|saved\.example\.com|\/saved"/);
    assert.match(seen.host, /^localhost:\d+$/);
    assertHeader(seen, 'host', seen.host);
    assertHeader(seen, 'origin', `http://${seen.host}`);
    assert.match(seen.headers.referer ?? '', /\/sso\/resume\//);
  });
}

test('PP20 the headers of the small form do not become those of the request', async (t) => {
  const live = { 'if-match': '"live"', 'if-none-match': '"live"', range: 'bytes=0-1', 'content-language': 'fr' };
  const seen = await replayed(t, { saved: {}, live, headers: [] });
  for (const name of Object.keys(live)) assertHeader(seen, name, undefined);
});

test('PP20 a body that came in pieces has a length when it comes back', async (t) => {
  const seen = await replayed(t, { saved: { 'transfer-encoding': 'chunked' }, live: {}, headers: [] });
  assertHeader(seen, 'transfer-encoding', undefined);
  assertHeader(seen, 'content-length', `${Buffer.byteLength(BODY)}`);
});

test('PP20 a header that names the visitor for Koa does not come back, even if it is named', async (t) => {
  const saved = { 'cf-connecting-ip': '203.0.113.66' };
  const named = { saved, live: {}, headers: ['cf-connecting-ip'] };
  assertHeader(await replayed(t, named), 'cf-connecting-ip', '203.0.113.66');
  assertHeader(await replayed(t, { ...named, ipHeader: 'CF-Connecting-IP' }), 'cf-connecting-ip', undefined);
});
