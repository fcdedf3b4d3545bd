import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, type TestContext, test } from 'node:test';
import { type FakeCas, startFakeCas } from '../../src/testing/index.ts';
import { createBrowser, type Page } from '../support/browser.ts';
import { logIn, TEST_SECRET } from '../support/portal.ts';
import { freePort, startExample } from './example.ts';

let cas: FakeCas;

before(async () => {
  cas = await startFakeCas();
});
after(() => cas?.close());

async function open(t: TestContext, name: string) {
  const example = startExample(`examples/${name}.ts`, [], {
    CAS_URL: cas.url,
    SSO_SECRET: TEST_SECRET,
    PORT: await freePort(),
  });
  t.after(() => example.kill());
  const [, url = ''] = await example.printed(/Open (http:\/\/localhost:\d+)/);
  const arrive = (person = 'alice'): Promise<Page> => {
    const browser = createBrowser();
    t.after(() => browser.close());
    return logIn(browser, `${url}/`, cas, person);
  };
  return { example, arrive };
}

const press = async (page: Page, nth = 0, fields = {}) => (await page.submit(page.forms[nth]!, fields)).settle();
const heading = (page: Page) => /<h1>(.*)<\/h1>/.exec(page.body)?.[1];

for (const name of ['consent', 'second-factor', 'role']) {
  test(`the example ${name} has at most 60 lines`, () => {
    assert.ok(readFileSync(`examples/${name}.ts`, 'utf8').trimEnd().split('\n').length <= 60);
  });
}

test('the example of consent asks before the first login, and not before the second', async (t) => {
  const { arrive } = await open(t, 'consent');
  const page = await arrive();
  assert.equal(heading(page), 'Terms of use');
  assert.equal((await press(page)).body, 'Hello alice');
  assert.equal((await arrive()).body, 'Hello alice');
  assert.equal(heading(await arrive('bob')), 'Terms of use');
});

test('the example of consent lets nobody in who declines, and asks again', async (t) => {
  const { arrive } = await open(t, 'consent');
  const page = await press(await arrive(), 1);
  assert.equal(heading(page), 'You have signed out');
  assert.equal(heading(await arrive()), 'Terms of use');
});

test('the example of a second factor lets in whoever has the code', async (t) => {
  const { example, arrive } = await open(t, 'second-factor');
  const page = await arrive();
  const [, code = ''] = await example.printed(/The code is (\d{6})/);
  assert.equal((await press(page, 0, { code })).body, 'Hello alice');
});

test('the example of a second factor ends the login at the third wrong code', async (t) => {
  const { arrive } = await open(t, 'second-factor');
  let page = await arrive();
  for (let count = 1; count < 3; count += 1) {
    page = await press(page, 0, { code: 'no' });
    assert.match(page.body, /That was not the code/);
  }
  page = await press(page, 0, { code: 'no' });
  assert.equal(page.status, 403);
  assert.equal(heading(page), 'You may not use this site');
});

test('the example of a second factor does not take the code of a page that was answered', async (t) => {
  const { example, arrive } = await open(t, 'second-factor');
  const page = await arrive();
  const [, code = ''] = await example.printed(/The code is (\d{6})/);
  await press(page, 0, { code: 'no' });
  assert.notEqual((await press(page, 0, { code })).status, 200);
});

test('the example of a role asks whoever has several', async (t) => {
  const { arrive } = await open(t, 'role');
  const page = await arrive();
  assert.deepEqual(
    page.forms.map(({ fields }) => fields.role),
    ['student', 'member'],
  );
  assert.equal((await press(page, 1)).body, 'Hello alice, member');
});

test('the example of a role takes none that the person does not have', async (t) => {
  const { arrive } = await open(t, 'role');
  const page = await press(await arrive(), 0, { role: 'chancellor' });
  assert.equal(heading(page), 'Who are you today?');
});

test('the example of a role asks nobody who has none to choose from', async (t) => {
  const { arrive } = await open(t, 'role');
  assert.equal((await arrive('zoë')).body, 'Hello zoë, guest');
});
