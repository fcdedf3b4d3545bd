import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TEST_SECRET } from '../support/portal.ts';
import { openBrowser } from './demo-scene.ts';
import { freePort, startExample } from './example.ts';

const FILE = 'examples/raven.ts';

test('the example sends people to the Raven of the University, with an address to come back to', async (t) => {
  const example = startExample(FILE, [], { SSO_SECRET: TEST_SECRET, PORT: await freePort() });
  t.after(() => example.kill());
  const [, url = ''] = await example.printed(/Open (http:\/\/localhost:\d+)/);
  const browser = openBrowser(t);
  let page = await browser.get(`${url}/a?b=1`);
  while (page.location?.origin === url) page = await page.follow();
  const { origin, pathname, searchParams } = page.location ?? new URL('about:blank');
  assert.equal(origin + pathname, 'https://raven.cam.ac.uk/auth/authenticate.html');
  assert.equal(searchParams.get('ver'), '3');
  assert.equal(searchParams.get('url'), `${url}/sso/return`);
  assert.equal(searchParams.get('desc'), 'a first try of koa-campus-sso');

  const forged = '3!200!!20260101T000000Z!1!http://localhost/!test0001!current!pwd!!36000!x!2!AAAA';
  const refused = await browser.get(`${url}/sso/return?WLS-Response=${encodeURIComponent(forged)}`, { from: origin });
  assert.equal(refused.status, 400);
});

test('the example names the variable that is missing', async (t) => {
  const example = startExample(FILE);
  t.after(() => example.kill());
  assert.deepEqual(await example.ended(), { code: 1, signal: null });
  assert.match(example.output(), /^Please set SSO_SECRET: .+\n$/);
});
