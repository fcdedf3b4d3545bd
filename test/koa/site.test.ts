import assert from 'node:assert/strict';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { test } from 'node:test';
import Koa from 'koa';
import { chooseSite, namedBy } from '../../src/koa/site.ts';
import type { Site } from '../../src/options.ts';

function site(origin: string, basePath = ''): Site {
  return { baseUrl: origin + basePath, origin, basePath };
}

const sites = [
  site('https://portal.example.edu'),
  site('https://portal.example.org', '/app'),
  site('https://intern.example.edu:8443'),
] as const;

function choose(host: string, scheme = 'https', among: readonly [Site, ...Site[]] = [...sites]): string {
  return chooseSite(among, { scheme, host }).baseUrl;
}

function named(headers: Readonly<Record<string, string>>, { proxy = false, tls = false } = {}) {
  const request = new IncomingMessage(Object.assign(new Socket(), { encrypted: tls }));
  Object.assign(request, { method: 'GET', url: '/' });
  Object.assign(request.headers, headers);
  return namedBy(new Koa({ proxy }).createContext(request, new ServerResponse(request)));
}

test('the address whose host is named is chosen', () => {
  assert.equal(choose('portal.example.edu'), 'https://portal.example.edu');
  assert.equal(choose('portal.example.org'), 'https://portal.example.org/app');
  assert.equal(choose('intern.example.edu:8443'), 'https://intern.example.edu:8443');
});

for (const host of [
  '',
  'evil.example',
  'portal.example.org.evil.example',
  'evil-portal.example.org',
  'example.org',
  'portal.example.org:8080',
  'intern.example.edu',
  'portal.example.org, evil.example',
  'portal.example.org evil.example',
  'portal.example.org@evil.example',
  'evil.example/portal.example.org',
  'evil.example#portal.example.org',
  '[',
  '%00',
]) {
  test(`a request to ${JSON.stringify(host)} belongs to the first address`, () => {
    assert.equal(choose(host), 'https://portal.example.edu');
  });
}

test('the default port may be named, and the case of a host does not matter', () => {
  assert.equal(choose('portal.example.org:443'), 'https://portal.example.org/app');
  assert.equal(choose('PORTAL.Example.ORG'), 'https://portal.example.org/app');
});

test('behind a proxy that ends TLS the host alone decides', () => {
  assert.equal(choose('portal.example.org', 'http'), 'https://portal.example.org/app');
  assert.equal(choose('intern.example.edu:8443', 'http'), 'https://intern.example.edu:8443');
});

test('of two addresses with the same host the one with the scheme of the request is chosen, in any order', () => {
  const both = [site('https://portal.example.edu:8000'), site('http://portal.example.edu:8000')] as const;
  for (const scheme of ['http', 'https']) {
    for (const among of [both, [both[1], both[0]] as const]) {
      assert.equal(choose('portal.example.edu:8000', scheme, [...among]), `${scheme}://portal.example.edu:8000`);
    }
  }
});

test('what is chosen is one of the list, with everything that belongs to it', () => {
  const listed = sites.map((each) => ({ ...each, runtime: {} }));
  const [first, second] = listed;
  assert.ok(first && second);
  assert.equal(chooseSite([first, second], { scheme: 'https', host: 'portal.example.org' }), second);
});

test('a request names the host that it was sent to, and its scheme', () => {
  assert.deepEqual(named({ host: 'portal.example.edu:8000' }), { scheme: 'http', host: 'portal.example.edu:8000' });
  assert.equal(named({ host: 'portal.example.edu' }, { tls: true }).scheme, 'https');
});

test('forwarded headers count only behind a proxy that the application trusts', () => {
  const headers = { host: 'inner:3000', 'x-forwarded-host': 'portal.example.org', 'x-forwarded-proto': 'https' };
  assert.deepEqual(named(headers), { scheme: 'http', host: 'inner:3000' });
  assert.deepEqual(named(headers, { proxy: true }), { scheme: 'https', host: 'portal.example.org' });
});

test('a request without a host belongs to the first address', () => {
  assert.equal(chooseSite([...sites], named({})).baseUrl, 'https://portal.example.edu');
});
