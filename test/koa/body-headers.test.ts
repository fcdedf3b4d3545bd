import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { replayBody } from '../../src/koa/body-replay.ts';
import { type HeaderPairs, isNeverKept, keptHeaders } from '../../src/koa/kept-headers.ts';
import { appFor, head } from './body-support.ts';

/** Headers that a hostile or careless application would like to keep. */
const NEVER = [
  'Cookie',
  'Set-Cookie',
  'Authorization',
  'Proxy-Authorization',
  'Host',
  'Origin',
  'Referer',
  'Referrer',
  'Forwarded',
  'X-Forwarded-For',
  'X-Forwarded-Host',
  'X-Forwarded-Proto',
  'X-Real-IP',
  'Via',
  'Expect',
  'Transfer-Encoding',
  'Content-Length',
  'Connection',
  'Upgrade',
  'If-Match',
  'If-None-Match',
  'If-Modified-Since',
  'If-Unmodified-Since',
  'If-Range',
  'Range',
  'Sec-Fetch-Site',
  ':authority',
];

async function keptOf(
  t: TestContext,
  headers: Record<string, string>,
  allow?: readonly string[],
  proxyIpHeader?: string,
) {
  const { app, wire } = await appFor(t, (ctx) => {
    ctx.body = `<${JSON.stringify(keptHeaders(ctx, allow))}>`;
  });
  if (proxyIpHeader) app.proxyIpHeader = proxyIpHeader;
  const line = wire();
  await line.write(head({ ...headers, 'Content-Length': 0 }));
  const [, json = ''] = /<(.*)>/.exec(await line.until('>')) ?? [];
  return JSON.parse(json) as HeaderPairs;
}

/** What an application sees of a request that is put in the place of another. */
async function replayed(t: TestContext, carrier: Record<string, string>, kept: HeaderPairs, body = 'a=1') {
  const { app, wire } = await appFor(t, (ctx) => {
    replayBody(ctx, { method: 'POST', headers: kept, body: Buffer.from(body) });
    const { headers, rawHeaders, headersDistinct } = ctx.req;
    ctx.body = `<${JSON.stringify({ headers, rawHeaders, headersDistinct })}>`;
  });
  app.proxyIpHeader = 'X-Client';
  const line = wire();
  await line.write(head(carrier));
  const [, json = ''] = /<(.*)>/.exec(await line.until('>')) ?? [];
  return JSON.parse(json) as {
    headers: Record<string, string>;
    rawHeaders: string[];
    headersDistinct: Record<string, string[]>;
  };
}

const CARRIER = { 'Content-Type': 'application/x-www-form-urlencoded', 'Content-Length': '0' };

describe('PP20 of the headers of a request', () => {
  test('those are kept that say how to read it and how to answer it', async (t) => {
    const headers = {
      'Content-Type': 'multipart/form-data; boundary="a b"; charset=utf-8',
      'Content-Encoding': 'gzip',
      'Content-Language': 'de',
      Accept: 'text/html;q=0.9, */*',
      'Accept-Language': 'de, en;q=0.5',
      'Idempotency-Key': '"8e03978e"',
    };
    const others = { 'User-Agent': 'x', 'X-Course': '7', Cookie: 'a=1', Origin: 'https://x', Referer: 'https://x/' };
    assert.deepEqual(
      await keptOf(t, { ...headers, ...others }),
      Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
    );
  });

  test('further ones are kept if the application names them, in any case', async (t) => {
    assert.deepEqual(await keptOf(t, { 'X-Course': '7', 'x-term': '2' }, ['x-COURSE', 'X-Term']), [
      ['x-course', '7'],
      ['x-term', '2'],
    ]);
  });

  for (const name of NEVER) {
    test(`${name} is never kept`, () => assert.equal(isNeverKept(name.toLowerCase()), true));
  }

  test('none of those is kept though the application names it', async (t) => {
    const sent = NEVER.filter((name) => !/^(:|Host|Expect|Transfer-|Content-|Connection|Upgrade)/.test(name));
    assert.deepEqual(await keptOf(t, Object.fromEntries(sent.map((name) => [name, 'x'])), NEVER), []);
  });

  test('the one that Koa takes for the address of the visitor is never kept', async (t) => {
    assert.deepEqual(await keptOf(t, { 'CF-Connecting-IP': '10.0.0.1' }, ['CF-Connecting-IP'], 'CF-Connecting-IP'), []);
  });
});

describe('PP20 a kept request', () => {
  test('has its own headers, and those of the carrier that speak of the connection and of the person', async (t) => {
    const live = {
      Cookie: 'sid=new',
      Origin: 'https://portal',
      'X-Forwarded-For': '10.0.0.9',
      'Sec-Fetch-Site': 'same-origin',
    };
    const kept: HeaderPairs = [
      ['content-type', 'application/json'],
      ['accept-language', 'de'],
      ['x-course', '7'],
    ];
    const { headers } = await replayed(t, { ...live, ...CARRIER }, kept);
    assert.deepEqual(headers, {
      host: 'localhost',
      cookie: 'sid=new',
      origin: 'https://portal',
      'x-forwarded-for': '10.0.0.9',
      'sec-fetch-site': 'same-origin',
      'content-type': 'application/json',
      'accept-language': 'de',
      'x-course': '7',
      'content-length': '3',
    });
  });

  test('has no header of the carrier that it would have had of its own', async (t) => {
    const carrier = {
      ...CARRIER,
      Accept: 'text/html',
      'Accept-Language': 'en',
      'Idempotency-Key': 'other',
      'X-Course': '8',
    };
    const { headers, rawHeaders } = await replayed(t, carrier, [['x-course', '7']]);
    assert.deepEqual(rawHeaders, ['Host', 'localhost', 'x-course', '7', 'content-length', '3']);
    assert.deepEqual(headers, { host: 'localhost', 'x-course': '7', 'content-length': '3' });
  });

  test('has no condition and no framing of the carrier', async (t) => {
    const carrier = {
      'If-Match': '"a"',
      'If-None-Match': '*',
      Range: 'bytes=0-1',
      'Content-Encoding': 'gzip',
      ...CARRIER,
    };
    assert.deepEqual((await replayed(t, carrier, [])).headers, { host: 'localhost', 'content-length': '3' });
  });

  test('has none of the chunked encoding of the carrier', async (t) => {
    const { wire } = await appFor(t, (ctx) => {
      replayBody(ctx, { method: 'POST', headers: [], body: Buffer.from('a=1') });
      ctx.body = JSON.stringify(ctx.req.rawHeaders);
    });
    const line = wire();
    await line.write(head({ 'Transfer-Encoding': 'chunked' }), '0\r\n\r\n');
    await line.until('["Host","localhost","content-length","3"]');
  });

  test('does not restore what must never be kept, though it was stored', async (t) => {
    const stored = NEVER.map((name) => [name.toLowerCase(), 'forged'] as const);
    const { headers, rawHeaders } = await replayed(t, CARRIER, [...stored, ['x-client', '10.0.0.1']]);
    assert.deepEqual(headers, { host: 'localhost', 'content-length': '3' });
    assert.doesNotMatch(rawHeaders.join(), /forged|10\.0\.0\.1/);
  });

  test('says the same in headers, rawHeaders and headersDistinct', async (t) => {
    const { headers, rawHeaders, headersDistinct } = await replayed(t, { 'X-Trace': 'a', Cookie: 'a=1', ...CARRIER }, [
      ['content-type', 'text/plain'],
    ]);
    const raw = Object.fromEntries(
      rawHeaders.flatMap((name, index) => (index % 2 === 0 ? [[name.toLowerCase(), rawHeaders[index + 1]]] : [])),
    );
    assert.deepEqual(raw, headers);
    assert.deepEqual(
      headersDistinct,
      Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
    );
    assert.equal(rawHeaders.length, 2 * Object.keys(headers).length);
  });

  for (const [name, body, length] of [
    ['is empty', '', '0'],
    ['has letters of several bytes', '€', '3'],
  ] as const) {
    test(`says its length in bytes if it ${name}`, async (t) => {
      assert.equal((await replayed(t, { 'Content-Length': '0' }, [], body)).headers['content-length'], length);
    });
  }
});
