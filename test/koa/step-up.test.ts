import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { type TestContext, test } from 'node:test';
import type { Middleware } from 'koa';
import type { CasOptions } from '../../src/index.ts';
import { type FakeCas, startFakeCas } from '../../src/testing/index.ts';
import { createBrowser, type Page } from '../support/browser.ts';
import { listen, logIn, startPortal, upToReturn } from '../support/portal.ts';
import { type Mount, stoppedClock, userOf } from './support.ts';

const MAX_AGE = 60;

/** `/admin` is for people who showed credentials within a minute, `/note/TEXT` keeps a text, the rest needs a login. */
const mount: Mount = (app, sso) => {
  const guards = [sso.requireLogin({ maxAge: MAX_AGE }), sso.requireLogin()] as unknown as [Middleware, Middleware];
  app.use(sso.session(app));
  app.use(sso.routes());
  app.use((ctx, next) => guards[ctx.path.startsWith('/admin') ? 0 : 1](ctx, next));
  app.use((ctx) => {
    const session = ctx.session as { note?: string | undefined };
    session.note = /^\/note\/(.+)$/.exec(ctx.path)?.[1] ?? session.note;
    ctx.body = { user: ctx.state.user, note: session.note ?? null };
  });
};

type SceneOptions = Partial<CasOptions> & { readonly casClockAheadBy?: number };

/** A portal and a CAS server whose clocks the test moves. */
async function scene(t: TestContext, { casClockAheadBy = 0, ...casOptions }: SceneOptions = {}) {
  const clock = stoppedClock();
  const fakeCas = await startFakeCas({ clock: () => clock() + casClockAheadBy, ticketLifetimeSeconds: 3600 });
  const portal = await startPortal({ cas: { serverUrl: fakeCas.url, ...casOptions }, options: { clock }, mount });
  const visitor = createBrowser();
  t.after(() => Promise.all([visitor.close(), portal.close(), fakeCas.close()]));
  return { clock, fakeCas, portal, visitor, admin: `${portal.url}/admin`, start: `${portal.url}/start` };
}

type Scene = Awaited<ReturnType<typeof scene>>;

/** The same with alice signed in for longer than `/admin` accepts. */
async function oldLogin(t: TestContext, options: SceneOptions = {}): Promise<Scene> {
  const all = await scene(t, options);
  await logIn(all.visitor, all.start, all.fakeCas);
  all.clock.advance(MAX_AGE + 1);
  return all;
}

function asksForPassword(page: Page, fakeCas: FakeCas): boolean {
  return page.url.href.startsWith(`${fakeCas.url}/login`) && page.status === 200 && page.forms.length === 1;
}

async function typePassword(page: Page, fakeCas: FakeCas, name = 'alice'): Promise<Page> {
  assert.ok(asksForPassword(page, fakeCas), `${page.status} ${page.url}`);
  const password = fakeCas.users.find((user) => user.name === name)?.password ?? '';
  return (await page.submit(page.forms[0]!, { username: name, password })).settle();
}

/** Signs alice in at the login server, as another site would have done. */
async function signInThere({ visitor, fakeCas }: Pick<Scene, 'visitor' | 'fakeCas'>): Promise<void> {
  const form = await visitor.get(`${fakeCas.url}/login`);
  await form.submit(form.forms[0]!, { username: 'alice', password: 'wonderland' });
}

/** Goes on to the redirect that demands credentials, and takes the demand out of its address. */
async function withoutRenew({ visitor, admin }: Pick<Scene, 'visitor' | 'admin'>): Promise<string> {
  let page = await visitor.get(admin);
  while (page.location && !page.location.searchParams.has('renew')) page = await page.follow();
  return page.location!.href.replace('&renew=true', '');
}

test('a login that is too old is asked for credentials once, at login and at validation', async (t) => {
  const { fakeCas, visitor, admin } = await oldLogin(t);
  const form = await (await visitor.get(admin)).settle();
  assert.equal(form.url.searchParams.get('renew'), 'true');
  const page = await typePassword(form, fakeCas);
  assert.equal(page.url.href, admin);
  assert.equal(userOf(page), 'alice');
  assert.equal(fakeCas.validations.at(-1)?.renew, true);
  assert.equal(userOf(await visitor.get(`${admin}/more`)), 'alice');
});

test('a visitor without a login types the password once', async (t) => {
  const { fakeCas, visitor, admin } = await scene(t);
  const page = await typePassword(await (await visitor.get(admin)).settle(), fakeCas);
  assert.equal(userOf(page), 'alice');
  assert.equal(fakeCas.counts.validate, 1);
});

test('a fresh login at the login server passes without a prompt', async (t) => {
  const all = await scene(t);
  await signInThere(all);
  all.clock.advance(MAX_AGE);
  const page = await (await all.visitor.get(all.admin)).settle();
  assert.equal(page.url.href, all.admin);
  assert.equal(all.fakeCas.validations.at(-1)?.renew, false);
});

test('a fresh login here passes without a question to the login server', async (t) => {
  const { clock, fakeCas, visitor, admin, start } = await scene(t);
  await logIn(visitor, start, fakeCas);
  clock.advance(MAX_AGE);
  assert.equal(userOf(await visitor.get(admin)), 'alice');
});

test('credentials that have grown old are asked for again', async (t) => {
  const { clock, fakeCas, visitor, admin } = await oldLogin(t);
  await typePassword(await (await visitor.get(admin)).settle(), fakeCas);
  clock.advance(MAX_AGE + 1);
  const again = await (await visitor.get(admin)).settle();
  assert.ok(asksForPassword(again, fakeCas));
  assert.equal(userOf(await typePassword(again, fakeCas)), 'alice');
});

test('whoever leaves the form stays signed in on the other pages', async (t) => {
  const { visitor, admin, start } = await oldLogin(t);
  await (await visitor.get(admin)).settle();
  assert.equal(userOf(await visitor.get(start)), 'alice');
});

test('a visitor who strips renew from the address is refused and stays signed in as before', async (t) => {
  const all = await oldLogin(t);
  const { fakeCas, visitor, admin, start } = all;
  const page = await (await visitor.get(await withoutRenew(all), { from: admin })).settle();
  assert.equal(page.status, 403);
  assert.match(page.body, /ERR_SSO_TICKET_REJECTED/);
  assert.equal(userOf(await visitor.get(start)), 'alice');
  assert.ok(asksForPassword(await (await visitor.get(admin)).settle(), fakeCas));
});

test('a stripped renew is refused with cas({ renew: true }) as well, and nobody is signed in', async (t) => {
  const all = await scene(t, { renew: true });
  const { portal, fakeCas, visitor, start } = all;
  await signInThere(all);
  const page = await (await visitor.get(await withoutRenew(all), { from: all.admin })).settle();
  assert.equal(page.status, 403);
  assert.equal((await visitor.get(start)).location?.host, new URL(fakeCas.url).host);
  assert.ok(!portal.journal.some(({ to }) => to === 'authenticated'));
});

test('a stripped renew is refused with SAML 1.1, whose validation demands it as well', async (t) => {
  const all = await oldLogin(t, { version: 'saml1.1' });
  const page = await (await all.visitor.get(await withoutRenew(all), { from: all.admin })).settle();
  assert.equal(page.status, 403);
  assert.equal(all.fakeCas.validations.at(-1)?.renew, true);
});

/** A CAS server that honours `renew` nowhere and tells of the login what it is given. */
async function carelessCas(t: TestContext, told: string): Promise<string> {
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(`http://host${request.url}`);
    if (pathname === '/login') {
      response.writeHead(303, { location: `${searchParams.get('service')}&ticket=ST-1` }).end();
    } else {
      response.end(
        `<c:serviceResponse xmlns:c="http://www.yale.edu/tp/cas"><c:authenticationSuccess><c:user>alice</c:user><c:attributes>${told}</c:attributes></c:authenticationSuccess></c:serviceResponse>`,
      );
    }
  });
  t.after(() => server.close());
  return listen(server);
}

test('a server that honours renew nowhere is not believed when it says that it did not ask', async (t) => {
  const serverUrl = await carelessCas(t, '<c:isFromNewLogin>false</c:isFromNewLogin>');
  const { visitor, admin, start } = await scene(t, { serverUrl });
  await (await visitor.get(start)).settle();
  const page = await (await visitor.get(admin)).settle();
  assert.equal(page.status, 403);
  assert.match(page.body, /ERR_SSO_LOGIN_NOT_FRESH/);
  assert.equal(userOf(await visitor.get(start)), 'alice', 'the session before was touched');
});

test('the page of a refusal leads to another try', async (t) => {
  const all = await oldLogin(t);
  const page = await (await all.visitor.get(await withoutRenew(all), { from: all.admin })).settle();
  const again = await (await page.click(/<a class="primary" href="([^"]+)"/.exec(page.body)![1]!)).settle();
  assert.equal(userOf(await typePassword(again, all.fakeCas)), 'alice');
});

test('a login server whose clock is ahead does not make a login fresh for longer', async (t) => {
  const { fakeCas, visitor, admin } = await oldLogin(t, { casClockAheadBy: 3_600_000 });
  assert.ok(asksForPassword(await (await visitor.get(admin)).settle(), fakeCas));
});

test('a login server whose clock is behind asks once and then lets pass', async (t) => {
  const { fakeCas, visitor, admin } = await oldLogin(t, { casClockAheadBy: -3_600_000 });
  const page = await typePassword(await (await visitor.get(admin)).settle(), fakeCas);
  assert.equal(userOf(page), 'alice');
});

for (const version of ['1.0', '2.0'] as const) {
  test(`with CAS ${version}, which tells no hour, one prompt serves for maxAge, and then there is another`, async (t) => {
    const { clock, fakeCas, visitor, admin, start } = await scene(t, { version });
    await logIn(visitor, start, fakeCas);
    assert.equal(userOf(await typePassword(await (await visitor.get(admin)).settle(), fakeCas)), 'alice');
    clock.advance(MAX_AGE);
    assert.equal((await visitor.get(admin)).status, 200);
    clock.advance(1);
    assert.ok(asksForPassword(await (await visitor.get(admin)).settle(), fakeCas));
  });
}

test('with CAS 1.0 a visitor without a login types the password once, not twice', async (t) => {
  const { fakeCas, visitor, admin } = await scene(t, { version: '1.0' });
  const page = await typePassword(await (await visitor.get(admin)).settle(), fakeCas);
  assert.equal(page.url.href, admin);
});

test('with CAS 1.0 a person who is slow at the form passes all the same', async (t) => {
  const { clock, fakeCas, visitor, admin, start } = await scene(t, { version: '1.0' });
  await logIn(visitor, start, fakeCas);
  const form = await (await visitor.get(admin)).settle();
  clock.advance(MAX_AGE + 1);
  assert.equal(userOf(await typePassword(form, fakeCas)), 'alice');
});

test('the step-up by another person replaces the session and drops what the first one kept in it', async (t) => {
  const { fakeCas, portal, visitor, admin, start } = await oldLogin(t);
  await visitor.get(`${portal.url}/note/of-alice`);
  const page = await typePassword(await (await visitor.get(admin)).settle(), fakeCas, 'bob');
  assert.equal(userOf(page), 'bob');
  assert.equal(JSON.parse(page.body).note, null);
  assert.equal(userOf(await visitor.get(start)), 'bob');
});

/** Two tabs at the login server: the ticket of a normal attempt from an old login, and the form of a step-up. */
async function twoTabs(t: TestContext) {
  const all = await scene(t);
  const { clock, fakeCas, visitor, admin, start } = all;
  await signInThere(all);
  clock.advance(MAX_AGE + 1);
  const normal = await upToReturn(visitor, start, fakeCas);
  return { ...all, normal, form: await (await visitor.get(admin)).settle() };
}

test('a normal attempt that is finished while a step-up waits in another tab does not stand in for it', async (t) => {
  const { fakeCas, visitor, admin, normal, form } = await twoTabs(t);
  assert.equal(userOf(await normal.settle()), 'alice');
  assert.ok(asksForPassword(await (await visitor.get(admin)).settle(), fakeCas));
  assert.equal(userOf(await typePassword(form, fakeCas)), 'alice', 'the step-up itself was spoilt');
  assert.equal((await visitor.get(admin)).status, 200);
});

test('the ticket of a normal attempt is no good for the step-up', async (t) => {
  const { visitor, start, normal, form } = await twoTabs(t);
  const ticket = normal.location!.searchParams.get('ticket')!;
  const forged = `${form.url.searchParams.get('service')}&ticket=${ticket}`;
  assert.equal((await visitor.get(forged, { from: form })).status, 403);
  assert.notEqual((await visitor.get(start)).status, 200);
});
