import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { inspect } from 'node:util';
import { createSealer } from '../../src/storage/seal.ts';
import { createDevelopmentCa } from '../../src/testing/index.ts';
import type { Browser, Page } from '../support/browser.ts';
import { TEST_SECRET } from '../support/portal.ts';
import { type Api, mountProxyPages } from '../support/proxying.ts';
import { djangoUsers } from './support/django-users.ts';
import { askForTicket, callPage } from './support/proxy-pages.ts';
import { type ProxyPortal, type ProxyScene, startProxyScene } from './support/proxy-scene.ts';
import type { Recorder } from './support/recorder.ts';
import { logIn } from './support/scene.ts';

const { bob } = djangoUsers;

/** One way that tickets can come to light, with a text that is surely there. */
interface Place {
  readonly text: string;
  readonly known: string;
}

type PlaceName = 'log' | 'journal' | 'errors' | 'pages' | 'headers' | 'addresses' | 'cookies' | 'store';
const PLACES: readonly PlaceName[] = ['log', 'journal', 'errors', 'pages', 'headers', 'addresses', 'cookies', 'store'];

let scene: ProxyScene;
/** A CAS server said why it could not use a callback, and quoted a grant. */
let refusal: Awaited<ReturnType<typeof refusedCallback>>;
/** A CAS server delivered a grant, and tickets were had for it until it expired. */
let delivery: Awaited<ReturnType<typeof deliveredGrant>>;

before(async () => {
  scene = await startProxyScene();
  refusal = await refusedCallback();
  delivery = await deliveredGrant();
});

after(() => scene?.close());

const show = (value: unknown): string => inspect(value, { depth: null, maxArrayLength: null, maxStringLength: null });

/** Everything that applications wrote down or showed somebody. */
function placesOf(
  portals: readonly ProxyPortal[],
  apis: readonly Api[],
  browser: Browser,
  pages: readonly Page[],
): Record<PlaceName, Place> {
  const all = pages.flatMap(stepsOf);
  const applications = [...portals, ...apis];
  return {
    log: { text: show(applications.map(({ log }) => log)), known: 'ERR_SSO_' },
    journal: { text: show(applications.map(({ journal }) => journal)), known: 'validateTicket' },
    errors: { text: show(portals.map(({ errors }) => errors)), known: 'ERR_SSO_' },
    pages: { text: show(all.map(({ body }) => body)), known: 'bob' },
    headers: { text: show(all.map(({ headers }) => [...headers])), known: 'set-cookie' },
    addresses: { text: show(all.map(({ url }) => url.href)), known: '/sso/return?' },
    cookies: { text: show(browser.cookies.all()), known: 'sso-' },
    store: { text: show(portals.map(({ records }) => [...records])), known: 'keyv:login:' },
  };
}

function stepsOf(page: Page): readonly Page[] {
  return page.previous ? [...stepsOf(page.previous), page] : [page];
}

const said = ({ exchanges }: Recorder): string => exchanges.map(({ body }) => body).join('\n');

function found(pattern: RegExp, text: string): string {
  return pattern.exec(text)?.[1] ?? assert.fail(`no ${pattern.source}`);
}

async function refusedCallback() {
  const recorder = await scene.recorder();
  const certificate = await (await createDevelopmentCa()).issue({ hosts: ['localhost'] });
  const cas = { endpoints: recorder.endpoints };
  const lenient = await scene.proxyPortal({ mount: mountProxyPages, certificate, cas });
  const strict = await scene.proxyPortal({ certificate, cas: { ...cas, proxyGrants: 'required' } });
  const caller = await scene.proxyPortal({ mount: mountProxyPages });
  const api = await scene.chainingApi({ allowedChains: [[caller.callbackUrl]], certificate, cas });

  const browser = scene.browser();
  const pages = [
    await logIn(browser, `${lenient.url}/me`, bob),
    await askForTicket(browser, lenient, 'https://localhost/mail'),
    await (await browser.get(`${strict.url}/me`)).settle(),
    await (await browser.get(`${caller.url}/me`)).settle(),
    await callPage(browser, caller, api.url),
  ];
  const texts = recorder.exchanges.map(({ body }) => body).filter((body) => body.includes('INVALID_PROXY_CALLBACK'));
  const grants = texts.map((text) => found(/pgtId=(PGT-\w+)/, text));
  return {
    texts,
    grants,
    used: await Promise.all(grants.map(useGrant)),
    ious: texts.map((text) => found(/pgtIou=(PGTIOU-\w+)/, text)),
    portals: [lenient, strict],
    places: placesOf([lenient, strict], [api], browser, pages),
  };
}

/** What the server says to somebody who read a grant somewhere. */
async function useGrant(pgt: string): Promise<string> {
  const query = new URLSearchParams({ pgt, targetService: 'https://localhost/mail' });
  return (await scene.browser().get(`${scene.cas.url}/proxy?${query}`)).body;
}

async function deliveredGrant() {
  const recorder = await scene.recorder();
  const portal = await scene.proxyPortal({ mount: mountProxyPages, cas: { endpoints: recorder.endpoints } });
  const api = await scene.api({ allowedChains: [[portal.callbackUrl]], cas: { endpoints: recorder.endpoints } });
  const picky = await scene.api({ allowedChains: [], cas: { endpoints: recorder.endpoints } });

  const browser = scene.browser();
  const pages = [await logIn(browser, `${portal.url}/me`, bob)];
  for (const url of [api.url, picky.url]) pages.push(await callPage(browser, portal, url));
  pages.push(await askForTicket(browser, portal, `${api.url}/noproxy`));
  const kept = { sealed: show([...portal.records]), opened: unsealed(portal) };
  await scene.cas.ctl('expire-pgts');
  pages.push(await askForTicket(browser, portal, `${api.url}/`));

  const text = said(recorder);
  const [delivered = ''] = portal.front.calls;
  return {
    grant: found(/pgtId=(PGT-\w+)/, delivered),
    iou: found(/pgtIou=(PGTIOU-\w+)/, delivered),
    tickets: [...text.matchAll(/<cas:proxyTicket>(PT-\w+)/g)].map(([, ticket = '']) => ticket),
    kept,
    places: placesOf([portal], [api, picky], browser, pages),
  };
}

test('the texts in which the server refuses a callback quote grants, and anybody can get tickets with them', () => {
  assert.equal(new Set(refusal.grants).size, 3, 'of a login, of one that requires a grant, and of a call');
  for (const answer of refusal.used) assert.match(answer, /<cas:proxyTicket>PT-/);
});

for (const place of PLACES) {
  test(`nothing of such a text is in the ${place} of the applications`, () => {
    const { text, known } = refusal.places[place];
    assert.ok(text.includes(known), `the ${place} are not all there: ${text.slice(0, 500)}`);

    const parts = [...refusal.grants, ...refusal.ious, 'HTTPSConnectionPool', 'CERTIFICATE_VERIFY_FAILED'];
    assert.deepEqual(
      parts.filter((part) => text.includes(part)),
      [],
    );
    assert.ok(parts.every((part) => refusal.texts.join('\n').includes(part)));
  });

  test(`nothing of a delivered grant and of the tickets that it brought is in the ${place} of the applications`, () => {
    const { text, known } = delivery.places[place];
    assert.ok(text.includes(known), `the ${place} are not all there: ${text.slice(0, 500)}`);

    const secrets = [delivery.grant, delivery.iou, ...delivery.tickets];
    assert.equal(secrets.length, 4);
    assert.deepEqual(
      secrets.filter((secret) => text.includes(secret)),
      [],
    );
  });
}

test('nothing of such a text is stored, not even sealed', () => {
  const opened = refusal.portals.map(unsealed).join('\n');

  assert.ok(opened.includes('"id":"bob"'), 'the records do not open');
  assert.doesNotMatch(opened, /PGT-|PGTIOU-|HTTPSConnectionPool/);
});

test('a delivered grant that still holds lies in the store, but sealed', () => {
  const { grant, kept } = delivery;

  assert.ok(kept.opened.includes(grant));
  assert.ok(kept.sealed.includes('keyv:grant:') && !kept.sealed.includes(grant));
});

/** What a portal keeps, for somebody who has its secret. */
function unsealed({ records }: ProxyPortal): string {
  const sealer = createSealer([TEST_SECRET]);
  return [...records]
    .map(([key, record]) => {
      const { value } = JSON.parse(String(record)) as { readonly value: string };
      return sealer.open(value, key.replace(/^keyv:/, ''))?.toString() ?? assert.fail(`${key} does not open`);
    })
    .join('\n');
}
