import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type FakeCas, startFakeCas } from '../../src/testing/index.ts';
import { createBrowser } from '../support/browser.ts';
import { logIn, TEST_SECRET } from '../support/portal.ts';
import { freePort, startExample } from './example.ts';

const FILE = 'examples/minimal.ts';
let cas: FakeCas;

before(async () => {
  cas = await startFakeCas();
});
after(() => cas?.close());

test('the minimal example greets whoever has signed in', async (t) => {
  const example = startExample(FILE, [], { CAS_URL: cas.url, SSO_SECRET: TEST_SECRET, PORT: await freePort() });
  t.after(() => example.kill());
  const browser = createBrowser();
  t.after(() => browser.close());
  const [, url = ''] = await example.printed(/Open (http:\/\/localhost:\d+)/);

  const page = await logIn(browser, `${url}/`, cas, 'zoë');

  assert.equal(page.status, 200);
  assert.equal(page.url.href, `${url}/`);
  assert.equal(page.body, 'Hello zoë');
});

test('the minimal example names the variable that is missing', async (t) => {
  for (const [missing, env] of [
    ['SSO_SECRET', { CAS_URL: cas.url }],
    ['CAS_URL', { SSO_SECRET: TEST_SECRET }],
  ] as const) {
    const example = startExample(FILE, [], env);
    t.after(() => example.kill());
    assert.deepEqual(await example.ended(), { code: 1, signal: null });
    assert.match(example.output(), new RegExp(`^Please set ${missing}: .+\\n$`));
  }
});
