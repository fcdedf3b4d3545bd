import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { clearedBy, contextFor, linesOf } from './cookie-support.ts';
import { cookiesWith, kept, text, valueFor } from './request-cookie-support.ts';

describe('a value that we would not write', () => {
  const { cookies, prefix } = cookiesWith();
  const one = kept();
  const good = valueFor(one);

  test('differs from one that we would', () => {
    assert.deepEqual(cookies.of(contextFor(`${prefix}${one.handle}=${good}`)), [one]);
  });

  const strange: readonly (readonly [string, string])[] = [
    ['no value', ''],
    ['no time', good.replace('tabcde', '')],
    ['a time in capitals', good.replace('tabcde', 'TABCDE')],
    ['a time that is too long', good.replace('tabcde', 'tabcdefgh')],
    ['a time with a zero in front', good.replace('tabcde', '0tabcde')],
    ['a time below zero', good.replace('tabcde', '-tabcd')],
    ['an id that is too short', valueFor({ ...one, id: one.id.slice(1) })],
    ['an id that is too long', valueFor({ ...one, id: `${one.id}A` })],
    ['an id in another alphabet', valueFor({ ...one, id: `+${one.id.slice(1)}` })],
    ['a secret that is too short', valueFor({ ...one, secret: one.secret.slice(1) })],
    ['a secret that is too long', valueFor({ ...one, secret: `${one.secret}A` })],
    ['a secret in another alphabet', valueFor({ ...one, secret: `${one.secret.slice(1)}=` })],
    ['a browser that is too short', valueFor({ ...one, browser: one.browser.slice(1) })],
    ['a browser that is too long', valueFor({ ...one, browser: `${one.browser}A` })],
    ['an attempt that is too short', valueFor({ ...one, attempt: one.attempt.slice(1) })],
    ['an attempt that is too long', valueFor({ ...one, attempt: `${one.attempt}A` })],
    ['an attempt in another alphabet', valueFor({ ...one, attempt: `é${one.attempt.slice(1)}` })],
    ['no attempt and no dot before it', good.slice(0, good.lastIndexOf('.'))],
    ['one part more', `${good}.`],
    ['quotation marks', `"${good}"`],
    ['other dots', good.replaceAll('.', '-')],
  ];
  for (const [what, value] of strange) {
    test(`is as no cookie: ${what}`, () => {
      const ctx = contextFor(`${prefix}${one.handle}=${value}`);
      assert.deepEqual(cookies.of(ctx), []);
      assert.equal(cookies.find(ctx, one.handle), undefined);
      assert.equal(cookies.ofRequest(ctx, one.id), undefined);
      assert.equal(cookies.ofAttempt(ctx, one.attempt), undefined);
    });
  }

  const strangeHandles: readonly (readonly [string, string])[] = [
    ['empty', ''],
    ['too short', one.handle.slice(1)],
    ['too long', `${one.handle}A`],
    ['in another alphabet', `%${one.handle.slice(1)}`],
    ['with an end', `${one.handle}.sig`],
  ];
  for (const [what, handle] of strangeHandles) {
    test(`is as no cookie, and left alone, under a handle that is ${what}`, () => {
      const ctx = contextFor(`${prefix}${handle}=${good}`);
      assert.deepEqual(cookies.of(ctx), []);
      cookies.issue(ctx, kept());
      cookies.clear(ctx, handle);
      cookies.clearAll(ctx);
      assert.equal(linesOf(ctx).length, 1);
    });
  }

  test('does not hide a good one of the same name, wherever it stands', () => {
    const pair = `${prefix}${one.handle}=${good}`;
    const garbage = `${prefix}${one.handle}=garbage`;
    assert.deepEqual(cookies.of(contextFor(`${garbage}; ${pair}`)), [one]);
    assert.deepEqual(cookies.of(contextFor(`${pair}; ${garbage}`)), [one]);
  });

  test('of the same name does not take the place of an earlier good one', () => {
    const pair = (secret: string) => `${prefix}${one.handle}=${valueFor({ ...one, secret })}`;
    assert.deepEqual(cookies.of(contextFor(`${pair(one.secret)}; ${pair(text(32))}`)), [one]);
  });

  test('is cleared by the next cookie that is set', () => {
    const ctx = contextFor(`${prefix}${one.handle}=garbage`);
    cookies.issue(ctx, kept());
    assert.deepEqual(clearedBy(ctx), [prefix + one.handle]);
  });

  test('is replaced by a good one of its handle', () => {
    const ctx = contextFor(`${prefix}${one.handle}=garbage`);
    cookies.issue(ctx, one);
    assert.deepEqual(clearedBy(ctx), []);
    assert.deepEqual(cookies.of(ctx), [one]);
  });
});
