import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { twoWaysFor } from '../koa/ucam-support.ts';
import { logIn } from '../support/portal.ts';
import { rowsOf, viewedPair } from './viewer-support.ts';

/** Alice and Bob have signed in, and somebody else is at the login server. */
async function busyPair(t: TestContext) {
  const pair = await viewedPair(t);
  const { url, browser, fakeCas } = pair;
  const [alice, bob, third] = [browser(), browser(), browser()];
  await logIn(alice, new URL('/start', url).href, fakeCas, 'alice');
  await logIn(bob, new URL('/start', url).href, fakeCas, 'bob');
  await third.get(new URL('/start', url));
  return pair;
}

const FLOW = 1;
const OUTCOME = 2;
const PERSON = 5;

test('the list can be narrowed to an outcome', async (t) => {
  const { url, auditor } = await busyPair(t);
  const outcomes = async (query: string) => rowsOf(await auditor.get(url + query)).map((row) => row[OUTCOME]);
  assert.deepEqual(await outcomes(''), ['◷ waits', '✓ succeeded', '✓ succeeded']);
  assert.deepEqual(await outcomes('?outcome=waiting'), ['◷ waits']);
  assert.deepEqual(await outcomes('?outcome=failure'), []);
  assert.deepEqual(await outcomes('?outcome=nonsense'), await outcomes(''));
});

test('the list can be narrowed to a flow, and to a code', async (t) => {
  const { url, auditor } = await busyPair(t);
  const flows = async (query: string) => rowsOf(await auditor.get(url + query)).map((row) => row[FLOW]);
  assert.deepEqual(await flows('?flow=cas'), ['cas', 'cas', 'cas']);
  assert.deepEqual(await flows('?flow=other'), []);
  assert.deepEqual(await flows('?code=ERR_SSO_CANCELLED'), []);
});

test('the list can be narrowed to a person, whose identifier is in no address', async (t) => {
  const { url, auditor } = await busyPair(t);
  const page = await auditor.get(url);
  const form = page.forms.find(({ method }) => /post/i.test(method));
  assert.ok(form);
  const answer = await page.submit(form, { user: ' alice ' });
  assert.equal(answer.status, 303);
  assert.doesNotMatch(answer.location?.href ?? '', /alice/);
  const narrowed = await answer.follow();
  const rows = rowsOf(narrowed);
  assert.equal(rows.length, 1);
  assert.equal(new URL(narrowed.url).searchParams.get('subject'), rows[0]?.[PERSON]);
  assert.doesNotMatch(narrowed.body, /alice/);
});

test('a person is found by whichever way they have signed in', async (t) => {
  const { url, auditor } = await busyPair(t);
  const both = await twoWaysFor(t, {
    mount(app, sso) {
      app.use(sso.session(app));
      app.use(sso.routes());
      app.use(sso.flowViewer({ allow: () => true }));
    },
  });
  const page = await both.browser().get(`${both.portal.url}/sso/flows`);
  const [form] = page.forms;
  assert.ok(form);
  const { location } = await page.submit(form, { user: 'alice' });
  assert.equal(new Set(location?.searchParams.getAll('subject')).size, 2);
  assert.equal(rowsOf(await auditor.get(`${url}${location?.search}`)).length, 0, 'pseudonyms of another site');
});

test('the other choices stay when a person is chosen, and the person stays when they change', async (t) => {
  const { url, auditor } = await busyPair(t);
  const page = await auditor.get(`${url}?outcome=success`);
  const [form] = page.forms;
  assert.ok(form);
  const chosen = await (await page.submit(form, { user: 'bob', outcome: 'success' })).follow();
  assert.equal(chosen.url.searchParams.get('outcome'), 'success');
  const subject = chosen.url.searchParams.get('subject');
  const [again] = chosen.forms;
  assert.ok(again && subject);
  const changed = await (await chosen.submit(again, { outcome: 'waiting' })).follow();
  assert.equal(changed.url.searchParams.get('subject'), subject);
  assert.deepEqual(rowsOf(changed), []);
});

test('a form of another site learns no pseudonym', async (t) => {
  const { url, auditor } = await busyPair(t);
  const answer = await auditor.post(url, { user: 'alice' }, { from: 'https://evil.example.org/' });
  assert.equal(answer.location?.href, url);
});

test('an address with more pseudonyms than anybody has is cut short', async (t) => {
  const { url, auditor } = await busyPair(t);
  const query = Array.from({ length: 300 }, (_, index) => `subject=nobody${index}`).join('&');
  const page = await auditor.get(`${url}?${query}&subject=%22%3E`);
  assert.equal([...page.body.matchAll(/name="subject"/g)].length, 20);
});
