import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { KeptRequestCookie } from '../../src/koa/request-cookies.ts';
import { browserAt, contextFor, HTTP_URL } from './cookie-support.ts';
import { cookiesWith, filled, kept, text, valueFor } from './request-cookie-support.ts';
import { stoppedClock } from './support.ts';

describe('the cookies of a browser', () => {
  const handles = (list: readonly KeptRequestCookie[]) => list.map(({ handle }) => handle);

  test('come the latest first', () => {
    const { all, held } = filled(4);
    assert.deepEqual(held(), all.toReversed());
  });

  test('come the latest first whatever order they are sent in', () => {
    const { cookies, prefix } = cookiesWith();
    const [a, b, c] = [kept(), kept(), kept()];
    const pair = (one: KeptRequestCookie, at: string) => `${prefix}${one.handle}=${valueFor(one, at)}`;
    const ctx = contextFor([pair(b, 'tabcd0'), pair(c, 'zzzzz'), pair(a, 'tabcd1')].join('; '));
    assert.deepEqual(handles(cookies.of(ctx)), handles([a, b, c]));
  });

  test('of the same second come in the order they were set in, the last first', () => {
    const { cookies } = cookiesWith({ clock: stoppedClock() });
    const browser = browserAt(HTTP_URL);
    const [a, b, c] = [kept(), kept(), kept()];
    browser.visit((ctx) => cookies.issue(ctx, a));
    browser.visit((ctx) => {
      cookies.issue(ctx, b);
      cookies.issue(ctx, c);
      assert.deepEqual(handles(cookies.of(ctx)), handles([c, b, a]));
    });
  });

  test('are found by handle, by request and by attempt', () => {
    const { cookies, browser, all } = filled(3);
    const one = all[1]!;
    browser.visit((ctx) => {
      assert.deepEqual(cookies.find(ctx, one.handle), one);
      assert.deepEqual(cookies.ofRequest(ctx, one.id), one);
      assert.deepEqual(cookies.ofAttempt(ctx, one.attempt), one);
    });
  });

  test('are not found by what they do not hold', () => {
    const { cookies, browser } = filled(3);
    browser.visit((ctx) => {
      assert.equal(cookies.find(ctx, text(16)), undefined);
      assert.equal(cookies.ofRequest(ctx, text(32)), undefined);
      assert.equal(cookies.ofAttempt(ctx, text(16)), undefined);
    });
  });

  test('are not found by an empty attempt', () => {
    const { cookies } = cookiesWith();
    const ctx = contextFor();
    cookies.issue(ctx, kept({ attempt: '' }));
    assert.equal(cookies.ofAttempt(ctx, ''), undefined);
  });

  test('include what this very answer sets', () => {
    const { cookies } = cookiesWith();
    const ctx = contextFor();
    const one = kept();
    cookies.issue(ctx, one);
    assert.deepEqual(cookies.of(ctx), [one]);
    assert.deepEqual(cookies.find(ctx, one.handle), one);
  });

  test('are as this very answer replaces them', () => {
    const { cookies, browser, all } = filled(1);
    const again = { ...all[0]!, attempt: text(16) };
    browser.visit((ctx) => {
      cookies.issue(ctx, again);
      assert.deepEqual(cookies.of(ctx), [again]);
      assert.equal(cookies.ofAttempt(ctx, all[0]!.attempt), undefined);
    });
  });

  test('are without one that this very answer clears', () => {
    const { cookies, browser, all } = filled(2);
    browser.visit((ctx) => {
      cookies.clear(ctx, all[0]!.handle);
      assert.deepEqual(cookies.of(ctx), [all[1]]);
    });
  });
});
