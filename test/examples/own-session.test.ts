import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type FakeCas, startFakeCas } from '../../src/testing/index.ts';
import { type Browser, createBrowser } from '../support/browser.ts';
import { logIn, TEST_SECRET } from '../support/portal.ts';
import { type Example, freePort, startExample } from './example.ts';

const FILE = 'examples/own-session.ts';
const browsers: Browser[] = [];
let cas: FakeCas;
let example: Example;
let url: string;

function browser(): Browser {
  const opened = createBrowser();
  browsers.push(opened);
  return opened;
}

before(async () => {
  cas = await startFakeCas();
  example = startExample(FILE, [], { CAS_URL: cas.url, SSO_SECRET: TEST_SECRET, PORT: await freePort() });
  url = (await example.printed(/Open (http:\/\/localhost:\d+)/))[1] ?? '';
});
after(async () => {
  await Promise.all(browsers.map((each) => each.close()));
  await example?.kill();
  await cas?.close();
});

test('a first login creates an account, and a second one finds it', async () => {
  const first = browser();
  assert.match((await logIn(first, url, cas, 'alice')).body, /^Hello Alice Liddell, account 1, page 1 /);
  assert.match((await logIn(browser(), url, cas, 'bob')).body, /^Hello Bob Builder, account 2, page 1 /);
  assert.match((await logIn(browser(), url, cas, 'alice')).body, /^Hello Alice Liddell, account 1, page 1 /);

  const again = await first.get(url);
  assert.match(again.body, /^Hello Alice Liddell, account 1, page 2 /, 'the session of the application goes on');
});

test('somebody without an account is refused and stays signed out', async () => {
  const visitor = browser();
  const refused = await logIn(visitor, url, cas, 'zoë');
  assert.equal(refused.status, 403);
  assert.match(refused.body, /ERR_SSO_NOT_AUTHORISED/);

  assert.equal((await visitor.get(url)).status, 303, 'still nobody');
});

test('the session cookie of the application holds no data', () => {
  const cookies = browsers[0]?.cookies.all().filter(({ name }) => name === 'portal') ?? [];
  assert.equal(cookies.length, 1);
  assert.match(cookies[0]?.value ?? '', /^[\w-]{20,64}$/);
});

test('the example says which variables it needs', async (t) => {
  const bare = startExample(FILE);
  t.after(() => bare.kill());
  assert.deepEqual(await bare.ended(), { code: 1, signal: null });
  assert.match(bare.output(), /^Please set CAS_URL .+ and SSO_SECRET .+\n$/);
});
