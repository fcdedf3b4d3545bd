import assert from 'node:assert/strict';
import { createServer, request } from 'node:http';
import { type TestContext, test } from 'node:test';
import { startFakeCas } from '../../src/testing/fake-cas.ts';
import { createBrowser } from '../support/browser.ts';
import { listen, logIn, type Portal, startPortal, TEST_SECRET } from '../support/portal.ts';
import { comeBack, returnUrl, userOf } from './support.ts';

const SECRETS = [
  ['with the same secret', TEST_SECRET],
  ['with secrets of their own', TEST_SECRET.toUpperCase()],
] as const;

/** Two applications and one login server; the applications differ by their port, or by their path behind one proxy. */
async function neighbours(t: TestContext, by: 'port' | 'path', secret: string) {
  const fakeCas = await startFakeCas();
  t.after(() => fakeCas.close());
  const proxy = createServer();
  const host = await listen(proxy);
  const portals: Portal[] = [];
  for (const [name, ownSecret] of [
    ['one', TEST_SECRET],
    ['two', secret],
  ] as const) {
    const baseUrl = by === 'path' ? { baseUrl: `${host}/${name}` } : {};
    portals.push(await startPortal({ cas: { serverUrl: fakeCas.url }, options: { secrets: [ownSecret], ...baseUrl } }));
  }
  proxy.on('request', (incoming, outgoing) => {
    const { method, headers, url: path = '/' } = incoming;
    const target = path.startsWith('/two') ? portals[1] : portals[0];
    const onward = request(target?.url ?? '', { method, headers, path }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    incoming.pipe(onward);
  });
  const visitor = createBrowser();
  t.after(async () => {
    await visitor.close();
    for (const portal of portals) await portal.close();
    proxy.closeAllConnections();
    await new Promise((resolve) => proxy.close(resolve));
  });
  const urls = by === 'path' ? [`${host}/one`, `${host}/two`] : portals.map((portal) => portal.url);
  return { fakeCas, visitor, one: urls[0] ?? '', two: urls[1] ?? '' };
}

for (const by of ['port', 'path'] as const) {
  for (const [name, secret] of SECRETS) {
    const two = `two applications on one host, told apart by their ${by}, ${name},`;

    test(`${two} do not sign each other out`, async (t) => {
      const { fakeCas, visitor, one, two } = await neighbours(t, by, secret);
      assert.equal(userOf(await logIn(visitor, `${one}/start`, fakeCas)), 'alice');
      assert.equal(userOf(await logIn(visitor, `${two}/start`, fakeCas)), 'alice');
      assert.equal(userOf(await visitor.get(`${one}/start`)), 'alice');
    });

    test(`${two} do not disturb each other's attempts`, async (t) => {
      const { fakeCas, visitor, one, two } = await neighbours(t, by, secret);
      const first = await returnUrl(visitor, `${one}/start`, fakeCas);
      const second = await returnUrl(visitor, `${two}/start`, fakeCas);
      assert.equal(userOf(await (await comeBack(visitor, first, { fakeCas })).settle()), 'alice');
      assert.equal(userOf(await (await comeBack(visitor, second, { fakeCas })).settle()), 'alice');
    });

    test(`${two}: a logout at one ends nothing that is under way at the other`, async (t) => {
      const { fakeCas, visitor, one, two } = await neighbours(t, by, secret);
      const first = await returnUrl(visitor, `${one}/start`, fakeCas);
      await visitor.post(`${two}/sso/logout?scope=here`, {}, { from: `${two}/open` });
      assert.equal(userOf(await (await comeBack(visitor, first, { fakeCas })).settle()), 'alice');
    });
  }
}
