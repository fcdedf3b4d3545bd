import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { upToReturn } from '../support/portal.ts';
import { askingPair, atThePage, press, QUESTION } from './step-pages-support.ts';
import { assertFailure, attemptCookies, FETCH, pointerIn, raw, stoppedClock, userOf } from './support.ts';

const ATTEMPT = /\/sso\/step\/cas\/question\/[\w-]{22}$/;

describe('the page of a state', () => {
  test('is shown before anybody is logged in, private and never cached', async (t) => {
    const { page, visitor } = await atThePage(t);
    assert.equal(page.status, 200);
    assert.match(page.url.pathname, ATTEMPT);
    assert.match(page.body, /<h1>Do you agree\?<\/h1>/);
    assert.equal(page.headers.get('cache-control'), 'no-store');
    assert.equal(pointerIn(visitor), undefined);
  });

  test('has an attempt and a secret of its own', async (t) => {
    const { portal, fakeCas, browser } = await askingPair(t);
    const visitor = browser();
    const back = await upToReturn(visitor, `${portal.url}/start`, fakeCas);
    const before = attemptCookies(visitor);
    const page = await back.settle();
    const after = attemptCookies(visitor);
    assert.equal(after.length, 1);
    assert.notDeepEqual(after, before);
    assert.ok(after[0]!.endsWith(page.url.pathname.split('/').at(-1)!));
    assert.ok(!back.location!.href.includes(page.url.pathname.split('/').at(-1)!));
  });

  test('takes an answer, and the person is where they wanted to go', async (t) => {
    const { page, visitor, portal } = await atThePage(t);
    const there = await (await press(page)).settle();
    assert.equal(there.url.href, `${portal.url}/start?a=1`);
    assert.equal(userOf(there), 'alice');
    assert.deepEqual(attemptCookies(visitor), []);
  });

  test('is shown again after an answer that is none, and says so', async (t) => {
    const { page } = await atThePage(t, { page: (isAgain) => ({ ...QUESTION, title: isAgain ? 'Again' : 'First' }) });
    assert.match(page.body, /<h1>First<\/h1>/);
    const again = await (await press(page, 1)).settle();
    assert.match(again.body, /<h1>Again<\/h1>/);
    assert.equal(userOf(await (await press(again)).settle()), 'alice');
  });

  test('escapes what a stranger wrote', async (t) => {
    const hostile = '<script>alert("1\'")</script>';
    const { page } = await atThePage(t, {
      page: () => ({
        title: hostile,
        paragraphs: [hostile],
        facts: [[hostile, hostile]],
        fields: [{ name: hostile, label: hostile }],
        choices: [{ label: hostile, answer: { [hostile]: hostile } }],
      }),
    });
    assert.doesNotMatch(page.body, /<script|"1|1'/);
    assert.equal(page.body.split('&#60;script&#62;').length - 1, 10);
  });

  test('may be followed by another one, which has an attempt of its own', async (t) => {
    const { page } = await atThePage(t);
    const next = await (await press(page, 0, { agree: 'more' })).settle();
    assert.match(next.url.pathname, /\/step\/cas\/another\//);
    assert.notEqual(next.url.pathname.split('/').at(-1), page.url.pathname.split('/').at(-1));
    assert.equal(userOf(await (await press(next)).settle()), 'alice');
  });

  test('answers for its own state only', async (t) => {
    const { page, visitor } = await atThePage(t);
    const other = page.url.href.replace('/question/', '/another/');
    assert.equal((await visitor.get(other)).status, 400);
    assert.equal((await visitor.post(other, { agree: 'yes' })).status, 400);
    assert.equal(userOf(await (await press(page)).settle()), 'alice');
  });

  test('gets nobody in without an answer', async (t) => {
    const { visitor, portal } = await atThePage(t);
    const page = await (await visitor.get(`${portal.url}/start`)).settle();
    assert.match(page.url.pathname, ATTEMPT);
  });

  test('keeps what onLogin found for the session', async (t) => {
    const asked: string[] = [];
    const { page } = await atThePage(t, {}, { options: { onLogin: ({ id }) => ({ number: asked.push(id) }) } });
    const there = await (await press(page)).settle();
    assert.deepEqual(JSON.parse(there.body).user.account, { number: 1 });
    assert.deepEqual(asked, ['alice']);
  });
});

describe('an answer', () => {
  test('from another browser is refused, and so is a look at the page', async (t) => {
    const met = await atThePage(t);
    const other = met.browser();
    await assertFailure(await other.get(met.page.url), met, { code: 'ERR_SSO_ATTEMPT_FOREIGN', status: 403 });
    assert.equal((await other.post(met.page.url, { agree: 'yes' })).status, 403);
    assert.equal(userOf(await (await press(met.page)).settle()), 'alice');
  });

  test('from a page of another origin is refused, and the right one is taken still', async (t) => {
    const met = await atThePage(t);
    const cookie = met.visitor.cookies.header(met.page.url)!;
    for (const site of [{ 'sec-fetch-site': 'same-site' }, { origin: 'http://evil.example' }, {}]) {
      const headers = { ...site, cookie, accept: 'text/html', 'content-type': 'application/x-www-form-urlencoded' };
      const answer = await raw(met.page.url.href, { method: 'POST', headers, body: 'agree=yes' });
      assert.equal(answer.status, 403);
    }
    assert.equal(userOf(await (await press(met.page)).settle()), 'alice');
  });

  test('that is given twice counts once, and the second click arrives as well', async (t) => {
    const { page, portal, visitor } = await atThePage(t);
    const both = await Promise.all([press(page), press(page)]);
    assert.deepEqual(
      both.map(({ status, location }) => [status, location?.href]),
      Array(2).fill([303, `${portal.url}/start?a=1`]),
    );
    assert.equal(portal.journal.filter(({ event }) => event === 'test.agreed').length, 1);
    assert.equal(userOf(await visitor.get(both[0]!.location!)), 'alice');
  });

  test('that is sent again later, or a page that is opened again, leads on', async (t) => {
    const { page, portal, visitor } = await atThePage(t);
    await (await press(page)).settle();
    for (const answer of [await press(page), await visitor.get(page.url)]) {
      assert.equal(answer.location?.href, `${portal.url}/start?a=1`);
    }
    assert.equal(portal.journal.filter(({ event }) => event === 'test.agreed').length, 1);
  });

  test('that comes too late finds a page that says so', async (t) => {
    const clock = stoppedClock();
    const met = await atThePage(t, {}, { options: { clock, attemptSeconds: 60 } });
    clock.advance(61);
    await assertFailure(await press(met.page), met, { code: 'ERR_SSO_ATTEMPT_UNKNOWN', status: 400 });
  });

  test('after a logout in another tab is worth nothing', async (t) => {
    const met = await atThePage(t);
    await met.visitor.post(`${met.portal.url}/sso/logout?scope=here`, {});
    await assertFailure(await press(met.page), met, { code: 'ERR_SSO_ATTEMPT_UNKNOWN', status: 400 });
    assert.equal(pointerIn(met.visitor), undefined);
  });

  test('of a script is refused as any other', async (t) => {
    const { page, visitor } = await atThePage(t);
    const cookie = visitor.cookies.header(page.url)!;
    const headers = { ...FETCH, cookie, 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await raw(page.url.href, { method: 'POST', headers, body: 'agree=yes' });
    assert.equal(answer.status, 401);
  });

  test('that is larger than any form is none', async (t) => {
    const { page, visitor } = await atThePage(t);
    const large = await visitor.post(page.url, { agree: 'yes', filler: 'x'.repeat(70_000) }, { from: page });
    assert.equal(large.location?.search, '?again=1');
  });

  test('in another type than that of a form is none', async (t) => {
    const { page, visitor } = await atThePage(t);
    const body = { bytes: Buffer.from('agree=yes'), type: 'text/plain' };
    assert.equal((await visitor.send(page.url, body, { from: page })).location?.search, '?again=1');
  });
});
