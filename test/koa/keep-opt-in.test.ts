import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endSessions, FORM, type KeepScene, pressOn, sha256, signedIn, submit } from './keep-support.ts';
import { assertTold, begunWith, E1, ENTRIES, posted, watchedScene } from './keep-wire.ts';
import { codeOf } from './support.ts';

/** Whether anybody holds the body of a request that is being answered. */
function isHeld(request: object): boolean {
  return Object.hasOwn(request, 'push');
}

for (const [name, guard] of [
  ['without the option', {}],
  ['with the option off', { keepBody: false }],
] as const) {
  test(`PP1 ${name} the login leads back to the page of the form by GET, and nothing is stored`, async (t) => {
    const scene = await watchedScene(t, { guard });
    const browser = await signedIn(scene);
    await endSessions(browser);
    const page = await (await submit(browser, scene, '/form/1')).settle();
    assert.equal(`${page.status} ${page.method} ${page.url}`, `200 GET ${scene.portal.url}/form`);
    assert.deepEqual(scene.begun, ['GET /form']);
    assert.deepEqual(scene.stored, []);
    assert.deepEqual(
      browser.cookies.all().filter(({ name }) => /request|owner/.test(name)),
      [],
    );
  });

  test(`PP1 ${name} an expired grant is the error of the handler, as it was`, async (t) => {
    const scene = await watchedScene(t, { guard });
    const browser = await signedIn(scene);
    scene.fakeCas.expireGrants();
    const page = await submit(browser, scene, '/file/1');
    assert.equal(page.location, undefined);
    assert.ok(scene.portal.errors.map(codeOf).includes('ERR_SSO_PROXY_GRANT_EXPIRED'), page.body);
    assert.deepEqual(scene.stored, []);
  });
}

test('PP1 a guard that only looks after the grant does not take a form from the handler', async (t) => {
  const scene = await watchedScene(t, { guard: { freshGrant: true } });
  const browser = await signedIn(scene);
  scene.fakeCas.expireGrants();
  const page = await submit(browser, scene, '/form/1');
  assert.equal(page.status, 200, page.body);
  assert.equal(posted(scene)[0]?.sha256, sha256(FORM.bytes));
  assert.deepEqual(scene.stored, []);
});

for (const [name, keepBody, expected] of [
  ['nothing is held as long as no guard keeps bodies', false, false],
  ['bodies are held where a guard keeps them', true, true],
] as const) {
  test(`PP1 ${name}`, async (t) => {
    const held: boolean[] = [];
    const scene = await watchedScene(t, {
      guard: { keepBody },
      between(app) {
        app.use((ctx, next) => {
          held.push(isHeld(ctx.req));
          return next();
        });
      },
    });
    const browser = await signedIn(scene);
    held.length = 0;
    await submit(browser, scene, '/form/1');
    assert.deepEqual(held, [expected]);
  });
}

/** `/plain` has a guard of its own, without the option, in front of the one that keeps. */
const twoGuards = (t: Parameters<typeof watchedScene>[0]) =>
  watchedScene(t, {
    between(app, sso) {
      const plain = sso.requireLogin();
      app.use((ctx, next) => (ctx.path.startsWith('/plain') ? plain(ctx as never, next) : next()));
    },
  });

test('PP1 several guards: one without the option keeps nothing, whatever the others do', async (t) => {
  const scene = await twoGuards(t);
  const browser = await signedIn(scene);
  await endSessions(browser);
  const page = await (await submit(browser, scene, '/plain/1')).settle();
  assert.equal(`${page.method} ${page.url}`, `GET ${scene.portal.url}/form`);
  assert.deepEqual(begunWith(scene), []);
  assert.deepEqual(scene.stored, []);
});

test('PP1 several guards: one with the option keeps, whatever the others do', async (t) => {
  const scene = await twoGuards(t);
  const browser = await signedIn(scene);
  await endSessions(browser);
  await pressOn(await (await submit(browser, scene, '/form/1')).settle());
  assert.equal(posted(scene)[0]?.sha256, sha256(FORM.bytes));
});

test('PP1 several guards in a row: an expired grant is the concern of the one that keeps', async (t) => {
  const scene = await watchedScene(t, {
    between: (app, sso) => app.use(sso.requireLogin()),
    act: async (ctx) => void (ctx.path.startsWith('/plain') && (await ctx.sso.proxyTicket('https://a.example.edu/'))),
  });
  const browser = await signedIn(scene);
  scene.fakeCas.expireGrants();
  await pressOn(await (await submit(browser, scene, '/plain/1')).settle());
  assert.equal(posted(scene)[0]?.sha256, sha256(FORM.bytes));
});

/** A browser that nobody was ever signed in with sends a form, and alice signs in. */
async function sentByNobody(scene: KeepScene, path = '/form/1') {
  const browser = scene.browser();
  const first = await submit(browser, scene, path);
  const loginForm = await first.settle();
  const alice = scene.fakeCas.users.find(({ name }) => name === 'alice');
  assert.ok(alice && loginForm.forms[0], loginForm.body);
  return (await loginForm.submit(loginForm.forms[0], { username: alice.name, password: alice.password })).settle();
}

test('PP1 PP16 what nobody sent is not kept, and whoever signs in is told so', async (t) => {
  const scene = await watchedScene(t);
  const page = await sentByNobody(scene);
  await assertTold(scene, page, 'ERR_SSO_REQUEST_NOBODYS');
  assert.deepEqual(begunWith(scene), []);
  assert.deepEqual(scene.stored, []);
});

test('PP1 PP16 after signing out it is nobody who sends', async (t) => {
  const scene = await watchedScene(t);
  const browser = await signedIn(scene);
  await (
    await browser.post(`${scene.portal.url}/sso/logout?scope=here`, {}, { from: `${scene.portal.url}/form` })
  ).settle();
  const page = await (await submit(browser, scene, '/form/1')).settle();
  await assertTold(scene, page, 'ERR_SSO_REQUEST_NOBODYS');
  assert.deepEqual(scene.stored, []);
});

test('PP1 PP16 with the option for strangers the person is asked, by action and host, and no script presses', async (t) => {
  const scene = await watchedScene(t, { guard: { keepBody: { anonymous: true } } });
  const page = await sentByNobody(scene);
  assert.match(page.body, /<h1>Do you want to send this\?<\/h1>/);
  assert.ok(page.body.includes(`<dd>${new URL(scene.portal.url).host}</dd>`), page.body);
  assert.ok(page.body.includes('<dd>POST /form/1</dd>'), page.body);
  assert.doesNotMatch(page.body, /<script/);
  assert.deepEqual(scene.begun, []);
});

test('PP1 PP16 what a stranger sent reaches the handler once it is confirmed, byte for byte', async (t) => {
  const scene = await watchedScene(t, { guard: { keepBody: { anonymous: true } } });
  const done = await pressOn(await sentByNobody(scene));
  assert.equal(done.status, 200, done.body);
  assert.equal(posted(scene)[0]?.sha256, sha256(FORM.bytes));
  assert.equal(posted(scene)[0]?.user, 'alice');
});

test('PP1 with the option for strangers nobody who is known is asked', async (t) => {
  const scene = await watchedScene(t, { guard: { keepBody: { anonymous: true } } });
  const browser = await signedIn(scene);
  await E1.interrupt(scene, browser);
  const page = await (await submit(browser, scene, E1.path)).settle();
  assert.match(page.body, /<script src="\/sso\/resume-1\.js"/);
});

test('PP1 the option for strangers holds for its own guard only', async (t) => {
  const scene = await watchedScene(t, {
    guard: { keepBody: true },
    between(app, sso) {
      const open = sso.requireLogin({ keepBody: { anonymous: true } });
      app.use((ctx, next) => (ctx.path.startsWith('/open-to') ? open(ctx as never, next) : next()));
    },
  });
  const kept = await sentByNobody(scene, '/open-to/1');
  assert.match(kept.body, /<h1>Do you want to send this\?<\/h1>/);
  await assertTold(scene, await sentByNobody(scene, '/form/1'), 'ERR_SSO_REQUEST_NOBODYS');
});

for (const entry of ENTRIES) {
  test(`PP1 ${entry.name}: a path that the guard leaves open keeps nothing`, async (t) => {
    const scene = await watchedScene(t, {
      guard: { keepBody: true, ignore: [/^\/(form|file)\/1/] },
    });
    const browser = await signedIn(scene);
    await entry.interrupt(scene, browser);
    const page = await submit(browser, scene, entry.path);
    assert.equal(page.location, undefined);
    assert.deepEqual(scene.begun, [`POST ${entry.path}`]);
    assert.deepEqual(scene.stored, []);
  });
}
