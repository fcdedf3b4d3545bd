import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startFakeCas } from '../../src/testing/fake-cas.ts';
import { expireGrants, keepScene, pressOn, signedIn, submit } from '../koa/keep-support.ts';
import { askingLogin } from '../koa/step-pages-support.ts';
import { comeBack, cookiesFor, raw, serviceOf, withTicket } from '../koa/support.ts';
import { createBrowser, type Page } from '../support/browser.ts';
import { logIn, startPortal, upToReturn } from '../support/portal.ts';
import { latestAttempt, rowsOf, stepsOf, textOf, viewedPair } from './viewer-support.ts';

test('before anybody signs in, the page says what will be seen', async (t) => {
  const { url, auditor } = await viewedPair(t);
  const page = await auditor.get(url);
  assert.equal(page.status, 200);
  assert.match(textOf(page.body), /Nobody has tried to sign in/);
});

test('a login is in the list with its outcome, its state and a pseudonym, and without a name', async (t) => {
  const { url, auditor, browser, fakeCas, portal } = await viewedPair(t);
  await logIn(browser(), new URL('/start', url).href, fakeCas);
  const page = await auditor.get(url);
  const [[time, flow, outcome, state, reason, person, steps] = [], ...others] = rowsOf(page);
  assert.match(time ?? '', /^\d\d:\d\d:\d\d\.\d{3}$/);
  assert.deepEqual([flow, outcome, state, reason], ['cas', '✓ succeeded', 'authenticated', '']);
  assert.equal(person, portal.journal.at(-1)?.subject);
  assert.equal(steps, String(portal.journal.length));
  assert.deepEqual(others, []);
  assert.doesNotMatch(page.body, /alice/i);
});

test('a login that fails is in the list with its reason, and its page says why in words', async (t) => {
  const pair = await viewedPair(t);
  const { url, auditor, browser } = pair;
  const visitor = browser();
  const away = await visitor.get(new URL('/start', url));
  await comeBack(visitor, withTicket(serviceOf(away.location), 'ST-1-that-nobody-has-issued'), pair);
  const [[, , outcome, state, reason] = []] = rowsOf(await auditor.get(url));
  assert.deepEqual([outcome, state, reason], ['✕ failed', 'failed', 'ERR_SSO_TICKET_REJECTED']);
  const page = await latestAttempt(auditor, url);
  assert.match(
    textOf(page.body),
    /Why it failed: ERR_SSO_TICKET_REJECTED In the words of its message: “The login server did not accept the ticket\./,
  );
  assert.match(stepsOf(page).join('\n'), /validation\.rejected → rejecting .* ERR_SSO_TICKET_REJECTED/);
});

test('each step has its number, its event, the guard that let it pass, the time and what the machine says of it', async (t) => {
  const { url, auditor, browser, fakeCas, portal } = await viewedPair(t);
  await logIn(browser(), new URL('/start', url).href, fakeCas);
  const steps = stepsOf(await latestAttempt(auditor, url));
  assert.equal(steps.length, portal.journal.length);
  portal.journal.forEach((entry, index) => {
    const step = steps[index] ?? '';
    const event = { begin: 'begins', always: 'at once' }[entry.event] ?? entry.event;
    const guard = entry.guard === null ? '' : ` when ${entry.guard}`;
    assert.ok(step.startsWith(`${index + 1} ${event}${guard} → ${entry.to} `), step);
    assert.ok(step.includes(new Date(entry.at).toISOString().slice(11, 23)), step);
    for (const effect of entry.effects) assert.ok(step.includes(effect), step);
  });
  assert.match(steps.join('\n'), /The browser that was sent away brings a ticket\./);
});

test('the way of an attempt is drawn over the machine that it ran by', async (t) => {
  const { url, auditor, browser, fakeCas } = await viewedPair(t);
  await logIn(browser(), new URL('/start', url).href, fakeCas);
  const { body } = await latestAttempt(auditor, url);
  assert.match(body, /<svg [^>]*class="flow-picture traced"/);
  const visited = [...body.matchAll(/<g id="casLogin-at-(\w+)" class="[^"]* visited[^"]*"/g)].map(([, state]) => state);
  assert.deepEqual(
    new Set(visited),
    new Set([
      'starting',
      'redirecting',
      'awaitingReturn',
      'validating',
      'admitting',
      'openingSession',
      'authenticated',
    ]),
  );
  assert.match(body, /<g id="casLogin-at-authenticated" class="[^"]*\bhere\b/);
});

test('a form that survived a login is in the story of the attempt: expired, kept, resumed', async (t) => {
  const scene = await keepScene(t, {
    guard: { keepBody: true },
    between: (app, sso) => void app.use(sso.flowViewer({ allow: () => true })),
  });
  const visitor = await signedIn(scene);
  expireGrants(scene);
  await pressOn(await (await submit(visitor, scene, '/file')).settle());
  const page = await latestAttempt(scene.browser(), `${scene.portal.url}/sso/flows`);
  const steps = stepsOf(page);
  assert.match(
    steps.join('\n'),
    /grant\.expired → starting[\s\S]*→ keepingRequest[\s\S]*request\.saved[\s\S]*→ resuming[\s\S]*request\.resumed → authenticated/,
  );
  assert.match(page.body, /<h1>cas <span class="outcome success">/);
});

test('states of an application’s own are in the pictures and in the stories', async (t) => {
  const fakeCas = await startFakeCas();
  t.after(() => fakeCas.close());
  const portal = await startPortal({
    login: askingLogin(fakeCas.url),
    mount(app, sso) {
      app.use(sso.session(app));
      app.use(sso.routes());
      app.use(sso.flowViewer({ allow: () => true }));
      app.use(sso.requireLogin());
    },
  });
  t.after(() => portal.close());
  const [visitor, auditor] = [createBrowser(), createBrowser()];
  t.after(() => Promise.all([visitor.close(), auditor.close()]));
  await logIn(visitor, `${portal.url}/start`, fakeCas);
  const page = await latestAttempt(auditor, `${portal.url}/sso/flows`);
  assert.match(page.body, /<g id="casLoginThatAsks-at-openingSession" class="[^"]*\bvisited here\b/);
  const flow = await auditor.get(`${portal.url}/sso/flows/machines/cas`);
  assert.match(flow.body, /<code>test\.agreed<\/code>/);
});

test('all flows that run are listed, each with a picture and tables', async (t) => {
  const scene = await keepScene(t, { between: (app, sso) => void app.use(sso.flowViewer({ allow: () => true })) });
  const auditor = scene.browser();
  const list = await auditor.get(`${scene.portal.url}/sso/flows/machines`);
  const names = [...list.body.matchAll(/<h2><a href="[^"]*\/machines\/([\w-]+)">/g)].map(([, name]) => name);
  assert.deepEqual(names, ['cas', 'cas-proxy-callback', 'cas-proxy-ticket', 'cas-proxied-call']);
  for (const name of names) {
    const { status, body } = await auditor.get(`${scene.portal.url}/sso/flows/machines/${name}`);
    assert.equal(status, 200);
    assert.match(body, /<svg /);
    assert.match(body, /<h2>States<\/h2>[\s\S]*<h2>Transitions<\/h2>/);
  }
});

test('a state in a picture leads to what is said about it', async (t) => {
  const { url, auditor } = await viewedPair(t);
  const page = await auditor.get(`${url}/machines/cas`);
  const links = [...page.body.matchAll(/<a xlink:href="([^"#]*)#([^"]*)"/g)];
  assert.ok(links.length > 10);
  for (const [, path = '', anchor] of links) {
    assert.equal(new URL(path, page.url).href, page.url.href);
    assert.ok(page.body.includes(`id="${anchor}"`), anchor);
  }
});

test('with another prefix every link and file is found', async (t) => {
  const { url, auditor } = await viewedPair(t, { options: { routePrefix: '/login/sso' } });
  const root = url.replace('/sso/flows', '/login/sso/flows');
  for (const path of pathsIn(await auditor.get(root)).filter((one) => one !== '/')) {
    assert.equal((await auditor.get(new URL(path, root))).status, 200, path);
  }
});

test('below a path of baseUrl every address has that path, whether a proxy takes it off or not', async (t) => {
  const { url, auditor } = await viewedPair(t, { options: { baseUrl: 'https://portal.example.edu/campus' } });
  for (const root of [url, url.replace('/sso/', '/campus/sso/')]) {
    const paths = pathsIn(await auditor.get(root));
    assert.ok(paths.length >= 4);
    for (const path of paths) {
      assert.ok(path.startsWith('/campus/'), path);
      if (path.includes('/sso/')) assert.equal((await auditor.get(new URL(path, root))).status, 200, path);
    }
  }
});

const pathsIn = ({ body }: Page) =>
  [...body.matchAll(/(?:src|href|action|data-events)="([^"#?]+)"/g)].flatMap(([, path = '']) =>
    path.endsWith('/events') ? [] : path,
  );

test('each page works under a strict policy, is not kept and not framed', async (t) => {
  const { url, auditor, browser, fakeCas } = await viewedPair(t);
  await logIn(browser(), new URL('/start', url).href, fakeCas);
  const attempt = await latestAttempt(auditor, url);
  const pages = [
    attempt,
    ...(await Promise.all(
      ['', '/machines', '/machines/cas', '/machines/nobody'].map((path) => auditor.get(url + path)),
    )),
  ];
  for (const { headers, body, url: address } of pages) {
    assert.equal(
      headers.get('content-security-policy'),
      "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    );
    assert.equal(headers.get('cache-control'), 'no-store');
    assert.equal(headers.get('x-content-type-options'), 'nosniff');
    assert.doesNotMatch(body, /<style|<script(?! src=)|\sstyle=|\son\w+=|javascript:/i, `${address}`);
  }
});

test('what is in no journal is in no page: no ticket, no session, no secret, no attribute, no name', async (t) => {
  const { url, auditor, browser, fakeCas } = await viewedPair(t);
  const visitor = browser();
  const seen: string[] = [];
  const back = await upToReturn(visitor, new URL('/start', url).href, fakeCas);
  seen.push(...[...back.location!.searchParams].flat().filter((value) => value.length > 12));
  seen.push(...back.location!.pathname.split('/').filter((part) => part.length > 12));
  await back.settle();
  const { cookie = '' } = cookiesFor(visitor, url);
  seen.push(...cookie.split('; ').map((pair) => pair.slice(pair.indexOf('=') + 1)));
  seen.push('alice', 'alice@example.edu');
  assert.ok(seen.length >= 5, seen.join('\n'));
  const pages = [await auditor.get(url), await latestAttempt(auditor, url), await auditor.get(`${url}/machines/cas`)];
  for (const { body } of pages) {
    for (const secret of seen) assert.ok(!body.includes(secret), secret);
  }
});

test('what an address holds is text on the page', async (t) => {
  const { url, auditor } = await viewedPair(t);
  const attack = '"><script>alert(1)</script>';
  const page = await raw(
    `${url}?code=${encodeURIComponent(attack)}&flow=${encodeURIComponent(attack)}&subject=${encodeURIComponent(attack)}`,
  );
  assert.equal(page.status, 200);
  assert.doesNotMatch(page.body, /<script>/);
  const missing = await auditor.get(`${url}/attempts/${encodeURIComponent(attack)}`);
  assert.doesNotMatch(missing.body, /<script>/);
});

test('an attempt is forgotten after the minutes of the option', async (t) => {
  let now = Date.now();
  const { url, auditor, browser } = await viewedPair(t, { options: { clock: () => now }, viewer: { minutes: 1 } });
  await browser().get(new URL('/start', url));
  const page = await latestAttempt(auditor, url);
  now += 60_001;
  assert.deepEqual(rowsOf(await auditor.get(url)), []);
  assert.equal((await auditor.get(page.url)).status, 404);
});

test('no more attempts are kept than the option says', async (t) => {
  const { url, auditor, browser } = await viewedPair(t, { viewer: { attempts: 2 } });
  const visitor = browser();
  for (let times = 0; times < 4; times += 1) await visitor.get(new URL(`/page-${times}`, url));
  assert.equal(rowsOf(await auditor.get(url)).length, 2);
});

test('a long list shows the latest, and says that there are others', async (t) => {
  const { url, auditor, browser } = await viewedPair(t);
  const visitor = browser();
  for (let times = 0; times < 103; times += 1) await visitor.get(new URL(`/page-${times}`, url));
  const page = await auditor.get(url);
  assert.equal(rowsOf(page).length, 100);
  assert.match(textOf(page.body), /103 attempts .* The latest 100 are listed/);
});
