import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { localTarget } from '../../src/koa/return-to.ts';

/** Pieces that parsers and browsers disagree about, in any order. */
const piece = fc.constantFrom(
  ...['/', '//', '\\', '.', '..', '%2e', '%2E', '%2f', '%5c', '?', '#', '@', ':', ';', '&', '=', '+', '%', '%zz'],
  ...['\t', '\n', '\r', ' ', '\u0000', '\u00a0', '\u2028', '\u3000', '\uff0f', '\uff0e', '\u3002', '\ud800', 'ë'],
  ...[
    'http:',
    'https:',
    'HTTPS://',
    'javascript:',
    'evil.example',
    'a.com',
    'a.com:443',
    'fa',
    'fa-ke',
    'xn--',
    '[::1]',
  ],
);
const target = fc.oneof(
  fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')),
  fc.array(piece, { maxLength: 12 }).map((pieces) => `/fa/${pieces.join('')}`),
  fc.webUrl({ withFragments: true, withQueryParameters: true }),
  fc.string({ unit: 'binary', maxLength: 40 }),
);
const base = fc.constantFrom('https://a.com', 'https://a.com/fa', 'http://localhost:3000', 'https://a.com/fa/deep');

/** Where the path of `baseUrl` begins, as a prefix of every path below it. */
const below = (baseUrl: string) => new URL(baseUrl).pathname.replace(/\/+$/, '');

function assertInside(found: string, baseUrl: string): void {
  const url = new URL(found, baseUrl);
  assert.equal(url.origin, new URL(baseUrl).origin);
  assert.ok(url.pathname === below(baseUrl) || url.pathname.startsWith(`${below(baseUrl)}/`), url.pathname);
}

test('whatever comes out stays on the origin and below the path of baseUrl', () => {
  fc.assert(
    fc.property(target, base, (text, baseUrl) => {
      const found = localTarget(text, baseUrl);
      if (found !== undefined) assertInside(found, baseUrl);
    }),
    { numRuns: 3000 },
  );
});

test('whatever comes out begins with one slash and holds nothing that a header or a browser reads as more', () => {
  fc.assert(
    fc.property(target, base, (text, baseUrl) => {
      const found = localTarget(text, baseUrl);
      if (found === undefined) return;
      assert.match(found, /^\/(?!\/)/);
      assert.doesNotMatch(found, /[\u0000-\u0020\u007f-\u009f\\]/);
    }),
    { numRuns: 3000 },
  );
});

test('whatever comes out stays what it is when it is asked again', () => {
  fc.assert(
    fc.property(target, base, (text, baseUrl) => {
      const found = localTarget(text, baseUrl);
      if (found !== undefined) assert.equal(localTarget(found, baseUrl), found);
    }),
    { numRuns: 3000 },
  );
});

test('whatever comes out can be carried in the query of an address', () => {
  fc.assert(
    fc.property(target, base, (text, baseUrl) => {
      const found = localTarget(text, baseUrl);
      if (found !== undefined) assert.equal(decodeURIComponent(encodeURIComponent(found)), found);
    }),
    { numRuns: 3000 },
  );
});

test('an ordinary path of this site comes out byte for byte', () => {
  const letters = fc.string({ unit: fc.constantFrom(..."aZ09-_~!$&'()*+,;=:@%20"), minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(fc.array(letters, { minLength: 1, maxLength: 4 }), letters, (segments, query) => {
      const path = `/fa/${segments.join('/')}?${query}`;
      assert.equal(localTarget(path, 'https://a.com/fa'), path);
    }),
    { numRuns: 1000 },
  );
});
