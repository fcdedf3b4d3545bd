import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type FakeCas, startFakeCas } from '../../src/testing/index.ts';
import { createBrowser } from '../support/browser.ts';
import { logIn, TEST_SECRET } from '../support/portal.ts';
import { type Example, freePort, startExample } from './example.ts';

const PORTAL = 'examples/proxy-tickets.ts';
const API = 'examples/api.ts';

let allowed = true;
let cas: FakeCas;
let portal: Example;
let api: Example;
let portalUrl = '';
let apiUrl = '';

before(async () => {
  cas = await startFakeCas({ allowTarget: () => allowed });
  const shared = { CAS_URL: cas.url, SSO_SECRET: TEST_SECRET };
  const [portalPort, apiPort] = [await freePort(), await freePort()];
  const PORTAL_CALLBACK = `http://localhost:${portalPort}/sso/proxy-callback`;
  api = startExample(API, [], { ...shared, PORT: apiPort, PORTAL_CALLBACK });
  portal = startExample(PORTAL, [], { ...shared, PORT: portalPort, API_URL: `http://localhost:${apiPort}/grades` });
  apiUrl = (await api.printed(/Call (http:\/\/localhost:\d+)/))[1] ?? '';
  portalUrl = (await portal.printed(/Open (http:\/\/localhost:\d+)/))[1] ?? '';
});
after(async () => {
  await portal?.kill();
  await api?.kill();
  await cas?.close();
});

test('the portal of the example asks the service of the other one on somebody’s behalf', async (t) => {
  const browser = createBrowser();
  t.after(() => browser.close());
  const page = await logIn(browser, `${portalUrl}/`, cas, 'zoë');
  assert.equal(page.status, 200, page.body);
  assert.deepEqual(JSON.parse(page.body), {
    student: 'zoë',
    askedBy: [`${portalUrl}/sso/proxy-callback`],
    grades: { logic: 'A', algebra: 'B' },
  });

  allowed = false;
  const refused = await browser.get(`${portalUrl}/`);
  allowed = true;
  assert.deepEqual([refused.status, refused.body], [502, 'The service cannot be asked: ERR_SSO_PROXY_REFUSED']);

  cas.misbehave({ kind: 'failure', code: 'INVALID_TICKET' });
  assert.equal((await browser.get(`${portalUrl}/`)).body, 'The service refused: 401');

  cas.expireGrants();
  assert.match((await (await browser.get(`${portalUrl}/`)).settle()).body, /You have signed out/);
  const again = await (await browser.get(`${portalUrl}/`)).settle();
  assert.equal(JSON.parse(again.body).student, 'zoë', 'single sign-on brings a new grant');
});

test('the service of the example answers nobody else', async () => {
  const answer = await fetch(`${apiUrl}/grades`);
  assert.equal(answer.status, 401);
  const ticket = cas.issueTicket('alice', `${apiUrl}/grades`, { proxies: ['https://elsewhere.example/callback'] });
  const proxied = await fetch(`${apiUrl}/grades?ticket=${ticket}`);
  assert.equal(proxied.status, 401);
  assert.match(await proxied.text(), /ERR_SSO_PROXY_CHAIN/);
});

test('the examples name the variable that is missing', async (t) => {
  const enough = { CAS_URL: 'http://localhost:1/cas', SSO_SECRET: TEST_SECRET };
  const cases: readonly (readonly [file: string, env: Readonly<Record<string, string>>, missing: string])[] = [
    [PORTAL, enough, 'API_URL'],
    [API, enough, 'PORTAL_CALLBACK'],
    [API, { CAS_URL: enough.CAS_URL }, 'SSO_SECRET'],
  ];
  for (const [file, env, missing] of cases) {
    const example = startExample(file, [], env);
    t.after(() => example.kill());
    assert.deepEqual(await example.ended(), { code: 1, signal: null });
    assert.match(example.output(), new RegExp(`^Please set ${missing}: .+\\n$`));
  }
});
