import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { Context, Middleware } from 'koa';
import { cookieName } from '../../../src/koa/cookie-header.ts';
import type { Browser } from '../../support/browser.ts';
import { listen, logIn, startPair } from '../../support/portal.ts';
import { startProxyScene } from '../../support/proxying.ts';
import { anyRedirect, compare, type Fields, type Kinds, requestTarget } from '../kind.ts';

export const kinds: Kinds = {
  session: async (input, expected) => {
    if ('call' in input) return compare(anyRedirect(expected), await askWithoutGrant());
    const { sessionTicket, ...others } = expected;
    const outcome = await openWithTicket(input);
    if (sessionTicket === undefined) return compare(anyRedirect(others), anyRedirect(outcome));
    // Whichever ticket leads to the session, there must be one; finding it by a ticket takes single logout.
    return { ...compare({ ...others, authenticated: true }, outcome), notYet: 'single logout' };
  },
};

/** Somebody is signed in, has no grant, and a page asks for a proxy ticket. */
async function askWithoutGrant(): Promise<Fields> {
  const scene = await startProxyScene();
  scene.fakeCas.misbehave('no-callback');
  try {
    const browser = scene.browser();
    await logIn(browser, `${scene.portal.url}/me`, scene.fakeCas);
    const { status, location } = await browser.get(`${scene.portal.url}/ticket?for=atyourservice`);
    return { status, redirectTo: location ? 'login' : null };
  } finally {
    await scene.close();
  }
}

const success = document('<cas:authenticationSuccess><cas:user>somebody</cas:user></cas:authenticationSuccess>');
const failure = document('<cas:authenticationFailure code="INVALID_TICKET">no</cas:authenticationFailure>');

/**
 * Opens a page that carries a ticket nobody here asked for, as the clients of these vectors take them. The login server
 * answers each validation with the document that the vector has, or with one of its own.
 */
async function openWithTicket(input: Fields): Promise<Fields> {
  const { validation = 'success' } = input;
  const cookies = (input.cookies ?? {}) as Readonly<Record<string, string>>;
  const isSignedIn = typeof input.session === 'string';
  let answer = success;
  const validator = createServer((_request, response) => response.end(answer));
  const validate = `${await listen(validator)}/serviceValidate`;
  const pair = await startPair({
    cas: { version: '2.0', endpoints: { validate }, allowUnsolicitedLogin: true, ticketPattern: /^.+$/s },
    mount(app, sso) {
      const quiet = sso.tryLogin() as Middleware;
      const strict = sso.requireLogin() as Middleware;
      app.use(sso.session(app));
      app.use(sso.routes());
      app.use((ctx, next) => (ctx.path === '/quiet' ? quiet : strict)(ctx, next));
      app.use((ctx: Context) => {
        ctx.body = { user: ctx.state.user?.id ?? null };
      });
    },
  });
  const { url } = pair.portal;
  const open = (browser: Browser, target: string) => browser.get(url + target);
  try {
    const browser = pair.browser();
    if (isSignedIn) await open(browser, '/?ticket=validTicket');
    if (cookies.MOD_CAS_G !== undefined) await (await open(browser, '/quiet')).settle();
    if (cookies.cookie_name !== undefined) {
      browser.cookies.store(new URL(url), [
        `${cookieName({ https: false, sites: [{ baseUrl: url, origin: url, basePath: '' }] }, 'session')}=${cookies.cookie_name}; Path=/`,
      ]);
    }
    const markedBefore = isMarked(browser);
    answer = validation === 'success' ? success : validation === 'failure' ? failure : String(validation);
    const target = requestTarget(input);
    const first = await open(browser, target);
    // Somebody who is signed in gets the page one step later: the ticket is taken out of its address first.
    const isOwnStep = isSignedIn && first.location?.href === `${url}${target.split('?')[0]}`;
    const { status, location } = isOwnStep ? await first.follow() : first;
    const after = await open(browser, '/');
    const other = pair.browser();
    if ('afterLogin' in input) await open(other, target);
    return {
      status,
      redirectTo: location?.href ?? null,
      authenticated: after.status === 200,
      user: after.status === 200 ? JSON.parse(after.body).user : null,
      gatewayCookieCleared: markedBefore && !isMarked(browser),
      sessionIdDerivableFromTicket: isDerivable(target.split('ticket=')[1] ?? '', [browser, other].map(sessionOf)),
    };
  } finally {
    await pair.close();
    validator.close();
  }
}

function isMarked(browser: Browser): boolean {
  return browser.cookies.all().some(({ name }) => name.includes('sso-anonymous'));
}

/** What the session cookie holds. */
function sessionOf(browser: Browser): string {
  const value = browser.cookies.all().find(({ name }) => /^sso-session-\w+$/.test(name))?.value ?? '';
  return Buffer.from(value, 'base64').toString('utf8');
}

/** Whether the ticket is in a session, plain or as a digest, or opened the same session twice. */
function isDerivable(ticket: string, [first = '', second = '']: readonly string[]): boolean {
  const digests = ['md5', 'sha1', 'sha256', 'sha512'].flatMap((name) => {
    const digest = createHash(name).update(ticket).digest();
    return [digest.toString('hex'), digest.toString('base64'), digest.toString('base64url')];
  });
  const login = (session: string) => /"login":"([^"]*)"/.exec(session)?.[1];
  return login(first) === login(second) || [ticket, ...digests].some((text) => first.includes(text));
}

function document(outcome: string): string {
  return `<cas:serviceResponse xmlns:cas="http://www.yale.edu/tp/cas">${outcome}</cas:serviceResponse>`;
}
