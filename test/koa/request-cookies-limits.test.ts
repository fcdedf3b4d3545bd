import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { clearedBy, contextFor, HTTP_URL, HTTPS_URL, linesOf } from './cookie-support.ts';
import { cookiesWith, filled, kept, text, valueFor } from './request-cookie-support.ts';

describe('the cookies of a browser', () => {
  test('are 8 at most: a ninth clears the oldest', () => {
    const { all, held } = filled(11);
    assert.deepEqual(held(), all.slice(3).toReversed());
  });

  test('are all left by the eighth', () => {
    const { held } = filled(8);
    assert.equal(held().length, 8);
  });

  test('keep their age when they are set again', () => {
    const { cookies, browser, all, held } = filled(3);
    const again = { ...all[0]!, attempt: text(16) };
    browser.visit((ctx) => cookies.issue(ctx, again));
    assert.deepEqual(held(), [all[2], all[1], again]);
  });

  test('are not cleared when one of eight is set again', () => {
    const { cookies, browser, all } = filled(8);
    for (const one of all) {
      browser.visit((ctx) => {
        cookies.issue(ctx, { ...one, attempt: text(16) });
        assert.deepEqual(clearedBy(ctx), []);
      });
    }
  });

  test('count those of this very answer', () => {
    const { cookies, browser, all, held } = filled(7);
    const [a, b] = [kept(), kept()];
    browser.visit((ctx) => {
      cookies.issue(ctx, a);
      cookies.issue(ctx, b);
    });
    assert.deepEqual(held(), [b, a, ...all.slice(1).toReversed()]);
  });

  test('are 8 at most when one answer sets many', () => {
    const { cookies, browser, held } = filled(7);
    browser.visit((ctx) => {
      for (let count = 0; count < 6; count += 1) cookies.issue(ctx, kept());
    });
    assert.equal(held().length, 8);
  });

  test('give room to 8 that go, whatever else the answer takes away', () => {
    const { cookies, prefix } = cookiesWith();
    const ctx = contextFor(Array.from({ length: 8 }, () => `${prefix}${text(16)}=x`).join('; '));
    ctx.cookies.set('theirs', null, { signed: false });
    cookies.issue(ctx, kept());
    assert.equal(clearedBy(ctx).filter((name) => name.startsWith(prefix)).length, 8);
  });

  test('do not go twice in one answer', () => {
    const { cookies, prefix } = cookiesWith();
    const handles = Array.from({ length: 8 }, () => text(16));
    const ctx = contextFor(handles.map((handle) => `${prefix}${handle}=x`).join('; '));
    cookies.clear(ctx, handles[0]!);
    cookies.issue(ctx, kept());
    assert.equal(clearedBy(ctx).length, 8);
  });

  test('in great number go 8 an answer, the oldest first, however many are set', () => {
    const { cookies, prefix } = cookiesWith();
    const many = Array.from({ length: 30 }, () => kept());
    const pairs = many.map((one, age) => `${prefix}${one.handle}=${valueFor(one, `tabc${(50 + age).toString(36)}`)}`);
    const ctx = contextFor(pairs.join('; '));
    cookies.issue(ctx, kept());
    cookies.issue(ctx, kept());
    assert.deepEqual(
      [...clearedBy(ctx)].sort(),
      many
        .slice(0, 8)
        .map(({ handle }) => prefix + handle)
        .sort(),
    );
  });

  test('in great number and malformed leave the answer a header of ordinary size', () => {
    const { cookies, prefix } = cookiesWith({ baseUrl: HTTPS_URL });
    const ctx = contextFor(Array.from({ length: 100 }, () => `${prefix}${text(16)}=x`).join('; '));
    cookies.issue(ctx, kept());
    assert.equal(clearedBy(ctx).length, 8);
    assert.ok(linesOf(ctx).join('\r\n').length < 2048);
  });
});

describe('the cookies of a browser that are cleared', () => {
  test('lose the one that is cleared', () => {
    const { cookies, browser, all, held } = filled(2);
    browser.visit((ctx) => cookies.clear(ctx, all[1]!.handle));
    assert.deepEqual(held(), [all[0]]);
  });

  test('lose one that the same answer sets and clears', () => {
    const { cookies, browser, held } = filled(0);
    const one = kept();
    browser.visit((ctx) => {
      cookies.issue(ctx, one);
      cookies.clear(ctx, one.handle);
      assert.equal(linesOf(ctx).length, 1);
    });
    assert.deepEqual(held(), []);
  });

  test('are not touched when an unknown handle is cleared', () => {
    const { cookies, browser } = filled(2);
    browser.visit((ctx) => {
      cookies.clear(ctx, text(16));
      assert.deepEqual(linesOf(ctx), []);
    });
  });

  test('are all cleared at once, malformed ones as well', () => {
    const { cookies, prefix, browser } = filled(7);
    browser.jar.store(new URL(HTTP_URL), [`${prefix}${text(16)}=garbage; path=/`]);
    browser.visit((ctx) => {
      cookies.clearAll(ctx);
      assert.deepEqual(cookies.of(ctx), []);
    });
    assert.deepEqual(browser.jar.all(), []);
  });

  test('are all cleared at once, those of the same answer as well', () => {
    const { cookies, browser, held } = filled(7);
    browser.visit((ctx) => {
      cookies.issue(ctx, kept());
      cookies.clearAll(ctx);
    });
    assert.deepEqual(held(), []);
  });

  test('are cleared 8 an answer when there are more, the latest first', () => {
    const { cookies, prefix } = cookiesWith();
    const many = Array.from({ length: 10 }, () => kept());
    const ctx = contextFor(many.map((one, age) => `${prefix}${one.handle}=${valueFor(one, `tabcd${age}`)}`).join('; '));
    cookies.clearAll(ctx);
    assert.deepEqual(cookies.of(ctx), [many[1], many[0]]);
  });

  test('leave other cookies alone', () => {
    const { cookies, browser } = filled(1);
    browser.jar.store(new URL(HTTP_URL), ['sso-attempt-x=1; path=/', 'theirs=2; path=/']);
    browser.visit((ctx) => {
      ctx.cookies.set('ours', '3', { signed: false });
      cookies.clearAll(ctx);
    });
    assert.deepEqual(
      browser.jar.all().map(({ name }) => name),
      ['sso-attempt-x', 'theirs', 'ours'],
    );
  });
});
