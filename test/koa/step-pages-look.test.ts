import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { StepChoice, StepField, StepPage } from '../../src/index.ts';
import type { PortalSetup } from '../support/portal.ts';
import { logIn } from '../support/portal.ts';
import { askingPair, atThePage, mountForms, press, QUESTION } from './step-pages-support.ts';
import { assertFailure, raw, userOf } from './support.ts';

const choices = (count: number): readonly StepChoice[] =>
  Array.from({ length: count }, (_, index) => ({ label: `Choice ${index}` }));

describe('the page of a state', () => {
  for (const [what, more, areEquals] of [
    ['one choice', { choices: choices(1) }, false],
    ['two choices', { choices: choices(2) }, false],
    ['three choices', { choices: choices(3) }, true],
    ['two choices that are equals', { choices: choices(2), areEquals: true }, true],
    ['three choices that are none', { choices: choices(3), areEquals: false }, false],
  ] as const) {
    test(`shows ${what} ${areEquals ? 'as equals' : 'with the likely one first'}`, async (t) => {
      const { page } = await atThePage(t, { page: () => ({ ...QUESTION, ...more }) });
      assert.equal(page.body.includes('class="actions choice"'), areEquals);
      assert.equal(page.body.includes('class="primary"'), !areEquals);
    });
  }

  test('has its fields in the form of the first choice, each of its kind', async (t) => {
    const types: readonly StepField['type'][] = ['text', 'password', 'one-time-code', 'email'];
    const fields = types.map((type) => ({ name: `a-${type}`, label: String(type), type: type! }));
    const { page } = await atThePage(t, { page: (): StepPage => ({ ...QUESTION, fields }) });
    const [first, second] = page.body.split('</form>');
    const inputs = [...first!.matchAll(/<input (name="a-.*?)>/g)].map(([, input]) => input);
    assert.deepEqual(inputs, [
      'name="a-text" type="text" autocomplete="off" required',
      'name="a-password" type="password" autocomplete="current-password" required',
      'name="a-one-time-code" type="text" autocomplete="one-time-code" inputmode="numeric" required',
      'name="a-email" type="email" autocomplete="off" required',
    ]);
    assert.doesNotMatch(second!, /name="a-/);
  });

  test('lets its form lead to the login server and nowhere else beyond this site', async (t) => {
    const { page, fakeCas } = await atThePage(t);
    const policy = page.headers.get('content-security-policy')!;
    assert.match(policy, new RegExp(`form-action 'self' ${new URL(fakeCas.url).origin};`));
  });

  test('lets its form lead to where people sign out', async (t) => {
    const logout = 'https://sign-out.example.edu/cas/logout';
    const { page } = await atThePage(t, { more: { endpoints: { logout } } });
    assert.match(page.headers.get('content-security-policy')!, /form-action [^;]*https:\/\/sign-out\.example\.edu/);
  });

  test('takes no answer with its address, and none by another method', async (t) => {
    const { page, portal, visitor } = await atThePage(t);
    const asked = await visitor.get(`${page.url}?agree=yes`, { from: page });
    assert.deepEqual([asked.status, /Do you agree/.test(asked.body)], [200, true]);
    const headers = {
      cookie: visitor.cookies.header(page.url)!,
      origin: portal.url,
      accept: 'text/html',
      'content-type': 'application/x-www-form-urlencoded',
    };
    for (const method of ['PUT', 'DELETE', 'PATCH']) {
      await raw(page.url.href, { method, headers, body: 'agree=yes' });
    }
    assert.deepEqual(
      portal.journal.filter(({ event }) => event === 'test.agreed'),
      [],
    );
    assert.equal(userOf(await (await press(page)).settle()), 'alice');
  });

  test('takes no answer that a browser says a person typed', async (t) => {
    const { page, visitor } = await atThePage(t);
    const headers = {
      cookie: visitor.cookies.header(page.url)!,
      accept: 'text/html',
      'sec-fetch-site': 'none',
      'content-type': 'application/x-www-form-urlencoded',
    };
    assert.equal((await raw(page.url.href, { method: 'POST', headers, body: 'agree=yes' })).status, 403);
  });

  test('that was answered leads nobody else on', async (t) => {
    const met = await atThePage(t);
    await (await press(met.page)).settle();
    const stranger = met.browser();
    await assertFailure(await stranger.get(met.page.url), met, { code: 'ERR_SSO_ATTEMPT_FOREIGN', status: 403 });
    const bob = met.browser();
    await (await press(await logIn(bob, `${met.portal.url}/start`, met.fakeCas, 'bob'))).settle();
    assert.equal((await bob.get(met.page.url)).status, 403);
  });
});

/** A person who had sent something is asked before it goes on. */
async function askedWith(t: Parameters<typeof askingPair>[0], sent: string, setup: Pick<PortalSetup, 'options'> = {}) {
  const pair = await askingPair(
    t,
    {},
    {
      ...setup,
      mount: mountForms,
    },
  );
  const visitor = pair.browser();
  const form = `${pair.portal.url}/form`;
  await (await press(await logIn(visitor, form, pair.fakeCas))).settle();
  visitor.cookies.clear(/sso-session/);
  const page = await (await visitor.post(`${pair.portal.url}/thoughts`, { thought: sent }, { from: form })).settle();
  assert.match(page.body, /Do you agree/);
  return { ...pair, visitor, page };
}

describe('a page that is opened again after its answer', () => {
  test('leads to what was kept as long as it waits, and then to where the person wanted to go', async (t) => {
    const { page, visitor } = await askedWith(t, 'long');
    const resuming = await (await press(page)).settle();
    assert.match(resuming.url.pathname, /\/resume\//);
    assert.equal((await visitor.get(page.url)).location?.href, resuming.url.href);
    const there = await (await press(resuming)).settle();
    assert.deepEqual(JSON.parse(there.body).sent, { thought: 'long' });
    assert.doesNotMatch((await visitor.get(page.url)).location!.pathname, /resume/);
  });

  test('keeps what was kept for the next attempt where something goes wrong', async (t) => {
    const { page, visitor } = await askedWith(t, 'long');
    const failed = await visitor.get(page.url.href.replace('/question/', '/another/'));
    assert.deepEqual([failed.status, /[?;]request=[\w-]+/.test(failed.body)], [400, true]);
  });

  test('says again what could not be kept', async (t) => {
    const { page, visitor } = await askedWith(t, 'x'.repeat(2000), { options: { keptRequests: { maxBytes: 1024 } } });
    const told = (await press(page)).location!;
    assert.match(told.href, /TOO_LARGE|too-large|not-sent/i);
    assert.equal((await visitor.get(page.url)).location?.href, told.href);
  });
});
