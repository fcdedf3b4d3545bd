import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { cookieName } from '../../src/koa/cookie-header.ts';
import { createOwnerCookie } from '../../src/koa/owner-cookie.ts';
import { createSealer } from '../../src/storage/seal.ts';
import { TEST_SECRET } from '../support/portal.ts';
import {
  assertOurCookie,
  browserAt,
  type CookieSetup,
  clearedBy,
  contextFor,
  HTTP_URL,
  HTTPS_URL,
  linesOf,
  optionsWith,
} from './cookie-support.ts';
import { stoppedClock } from './support.ts';

const WEEK_S = 7 * 24 * 3600;
const OLD_SECRET = 'an older secret of the tests, long enough as well';
const alice = { issuer: 'https://login.example.edu/cas', id: 'alice' };
const bob = { ...alice, id: 'bob' };
const name = cookieName(optionsWith(), 'owner');

const ownerWith = (setup: CookieSetup = {}) => createOwnerCookie(optionsWith(setup));

/** The cookie that names alice, as the browser sends it. */
function aliceCookie(setup: CookieSetup = {}): string {
  const ctx = contextFor();
  ownerWith(setup).write(ctx, alice);
  return linesOf(ctx)[0]?.split(';')[0] ?? '';
}

/** A cookie with what we would never write, but sealed as ours are. */
const sealed = (json: string, secret = TEST_SECRET, context = name) =>
  `${name}=${createSealer([secret]).seal(json, context)}`;

describe('the owner cookie', () => {
  for (const baseUrl of [HTTP_URL, HTTPS_URL]) {
    const https = baseUrl === HTTPS_URL;

    test(`is HttpOnly, Lax, for this host only and for seven days under ${baseUrl}`, () => {
      const ctx = contextFor();
      ownerWith({ baseUrl }).write(ctx, alice);
      assert.equal(linesOf(ctx).length, 1);
      assertOurCookie(linesOf(ctx)[0], https, WEEK_S * 1000);
      assert.match(linesOf(ctx)[0] ?? '', /^(__Host-)?sso-owner-[0-9a-f]{8}=/);
    });

    test(`tells a browser at ${baseUrl} who was signed in last`, () => {
      const owner = ownerWith({ baseUrl });
      const browser = browserAt(baseUrl);
      browser.visit((ctx) => owner.write(ctx, alice));
      browser.visit((ctx) => owner.write(ctx, bob));
      assert.deepEqual(browser.visit(owner.read), bob);
    });
  }

  test('holds issuer and id, whatever else is known of the person', () => {
    const ctx = contextFor();
    const owner = ownerWith();
    owner.write(ctx, { ...alice, attributes: { mail: ['alice@example.edu'] } } as typeof alice);
    assert.deepEqual(owner.read(ctx), alice);
    const value = linesOf(ctx)[0]?.split(/[=;]/)[1] ?? '';
    const opened = createSealer([TEST_SECRET]).open(value, name);
    assert.deepEqual(Object.keys(JSON.parse(String(opened))).sort(), ['id', 'issuer', 'until']);
  });

  test('gives back a name of any letters', () => {
    const ctx = contextFor();
    const owner = ownerWith();
    const somebody = { ...alice, id: '张三; ="é"\n💡' };
    owner.write(ctx, somebody);
    assert.deepEqual(owner.read(ctx), somebody);
  });

  test('does not show the name, plain or decoded', () => {
    const parts = aliceCookie().split(/[=.]/);
    for (const shown of [...parts, ...parts.map((part) => Buffer.from(part, 'base64url').toString('latin1'))]) {
      assert.doesNotMatch(shown, /alice|example/);
    }
  });

  test('differs each time', () => {
    assert.notEqual(aliceCookie(), aliceCookie());
  });

  test('is nobody without a cookie', () => {
    const ctx = contextFor('a=b');
    assert.equal(ownerWith().read(ctx), undefined);
  });

  test('is read by its whole name', () => {
    const cookie = aliceCookie();
    assert.deepEqual(ownerWith().read(contextFor(`x${name}=1; ${name}x=1; ${cookie}`)), alice);
  });

  test('can be read until seven days are over, and no longer', () => {
    const clock = stoppedClock();
    const owner = ownerWith({ clock });
    const cookie = aliceCookie({ clock });
    clock.advance(WEEK_S - 1);
    assert.deepEqual(owner.read(contextFor(cookie)), alice);
    clock.advance(1);
    assert.equal(owner.read(contextFor(cookie)), undefined);
  });

  test('can be read with a new secret in front', () => {
    const cookie = aliceCookie({ secrets: [OLD_SECRET] });
    assert.deepEqual(ownerWith({ secrets: [TEST_SECRET, OLD_SECRET] }).read(contextFor(cookie)), alice);
  });

  test('is written with the first secret', () => {
    const cookie = aliceCookie({ secrets: [TEST_SECRET, OLD_SECRET] });
    assert.deepEqual(ownerWith({ secrets: [TEST_SECRET] }).read(contextFor(cookie)), alice);
  });

  test('cannot be read when its secret is gone', () => {
    const cookie = aliceCookie({ secrets: [OLD_SECRET] });
    assert.equal(ownerWith().read(contextFor(cookie)), undefined);
  });

  test('of another app cannot be read, not even under our name', () => {
    const cookie = aliceCookie({ baseUrl: 'http://localhost:3001' });
    assert.ok(!cookie.startsWith(`${name}=`));
    assert.equal(ownerWith().read(contextFor(cookie)), undefined);
    assert.equal(ownerWith().read(contextFor(cookie.replace(/^[^=]+/, name))), undefined);
  });

  test('cannot be a text that was sealed for another place', () => {
    const json = JSON.stringify({ ...alice, until: Date.now() + 1000 });
    assert.deepEqual(ownerWith().read(contextFor(sealed(json))), alice);
    assert.equal(ownerWith().read(contextFor(sealed(json, TEST_SECRET, 'elsewhere'))), undefined);
  });

  const later = Date.now() + 1_000_000;
  const strange: readonly (readonly [string, string])[] = [
    ['nothing', `${name}=`],
    ['garbage', `${name}=garbage`],
    ['dots', `${name}=1...`],
    ['JSON that is not sealed', `${name}=${JSON.stringify({ ...alice, until: later })}`],
    ['a cookie that was cut short', aliceCookie().slice(0, -1)],
    ['a cookie that was changed', aliceCookie().replace(/.{2}$/, (end) => (end === 'AA' ? 'BB' : 'AA'))],
    ['quotation marks', `${aliceCookie().replace('=', '="')}"`],
    ['no JSON', sealed('alice')],
    ['no text', sealed('')],
    ['null', sealed('null')],
    ['a text', sealed('"alice"')],
    ['a list', sealed(JSON.stringify([alice.issuer, alice.id, later]))],
    ['no issuer', sealed(JSON.stringify({ id: 'alice', until: later }))],
    ['an issuer that is no text', sealed(JSON.stringify({ ...alice, issuer: 1, until: later }))],
    ['no id', sealed(JSON.stringify({ issuer: alice.issuer, until: later }))],
    ['an id that is no text', sealed(JSON.stringify({ ...alice, id: ['alice'], until: later }))],
    ['no time', sealed(JSON.stringify(alice))],
    ['a time that is no number', sealed(JSON.stringify({ ...alice, until: `${later}` }))],
    ['a time that is null', sealed(JSON.stringify({ ...alice, until: null }))],
  ];
  for (const [what, cookie] of strange) {
    test(`is nobody for ${what}`, () => {
      assert.equal(ownerWith().read(contextFor(cookie)), undefined);
    });
  }

  test('is read as this very answer writes it', () => {
    const ctx = contextFor(aliceCookie());
    const owner = ownerWith();
    owner.write(ctx, bob);
    assert.deepEqual(owner.read(ctx), bob);
  });

  test('is not taken for another cookie that this answer sets', () => {
    const ctx = contextFor(aliceCookie());
    ctx.cookies.set(`${name}x`, '1', { signed: false });
    assert.deepEqual(ownerWith().read(ctx), alice);
  });

  test('is nobody once this very answer clears it', () => {
    const ctx = contextFor(aliceCookie());
    const owner = ownerWith();
    owner.clear(ctx);
    assert.equal(owner.read(ctx), undefined);
  });

  test('is gone from the browser after it was cleared', () => {
    const owner = ownerWith();
    const browser = browserAt(HTTP_URL);
    browser.visit((ctx) => owner.write(ctx, alice));
    browser.visit(owner.clear);
    assert.deepEqual(browser.jar.all(), []);
  });

  test('is cleared when this very answer wrote it', () => {
    const ctx = contextFor();
    const owner = ownerWith();
    owner.write(ctx, alice);
    owner.clear(ctx);
    assert.deepEqual(clearedBy(ctx), [name]);
    assert.equal(linesOf(ctx).length, 1);
  });

  test('is cleared when it is garbage', () => {
    const ctx = contextFor(`${name}=`);
    ownerWith().clear(ctx);
    assert.deepEqual(clearedBy(ctx), [name]);
  });

  test('is not cleared when there is none', () => {
    const ctx = contextFor('a=b');
    ownerWith().clear(ctx);
    assert.deepEqual(linesOf(ctx), []);
  });

  test('leaves the other cookies of an answer alone', () => {
    const ctx = contextFor(aliceCookie());
    const owner = ownerWith();
    ctx.cookies.set('theirs', '1', { signed: false });
    owner.write(ctx, bob);
    owner.clear(ctx);
    assert.match(linesOf(ctx)[0] ?? '', /^theirs=1;/);
    assert.equal(linesOf(ctx).length, 2);
  });

  test('is not written for a name that is too long', () => {
    const ctx = contextFor();
    ownerWith().write(ctx, { ...alice, id: 'a'.repeat(3000) });
    assert.deepEqual(linesOf(ctx), []);
  });

  test('goes when somebody with too long a name signs in', () => {
    const ctx = contextFor(aliceCookie());
    const owner = ownerWith();
    owner.write(ctx, { ...alice, id: 'a'.repeat(3000) });
    assert.equal(owner.read(ctx), undefined);
    assert.deepEqual(clearedBy(ctx), [name]);
  });

  test('has 3500 bytes at most, and nearly as many are used', () => {
    const owner = ownerWith();
    const sizes = Array.from({ length: 400 }, (_, more) => {
      const ctx = contextFor();
      owner.write(ctx, { ...alice, id: 'é'.repeat(1100 + more) });
      return linesOf(ctx)[0]?.split(';')[0]?.length ?? 0;
    });
    const largest = Math.max(...sizes);
    assert.ok(sizes.includes(0) && largest <= 3500 && largest > 3490, `${largest} bytes`);
  });
});
