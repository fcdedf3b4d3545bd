import type { Context, Middleware } from 'koa';
import { request } from 'undici';
import { startPair } from '../../support/portal.ts';
import { anyRedirect, compare, type Fields, type Kinds, requestTarget } from '../kind.ts';

export const kinds: Kinds = {
  gateway: async (input, expected) => compare(expected, await openQuietly(input)),
  xhr: async (input, expected) => compare(anyRedirect(expected), anyRedirect(await openAnonymously(input))),
};

/** Opens a page below `scope`, where visitors are recognised quietly, or beside it, where they must sign in. */
async function openQuietly(input: Fields): Promise<Fields> {
  const { scope = '', session, version = 3 } = input;
  const target = typeof input.path === 'string' ? input.path : requestTarget(input);
  const pair = await startPair({
    cas: { version: `${version}.0` as '1.0' | '2.0' | '3.0' },
    mount(app, sso) {
      const quiet = sso.tryLogin() as Middleware;
      const strict = sso.requireLogin() as Middleware;
      app.use(sso.session(app));
      app.use(sso.routes());
      app.use((ctx, next) => (ctx.path.startsWith(`${scope}/`) ? quiet : strict)(ctx, next));
      app.use((ctx: Context) => {
        ctx.body = 'the page';
      });
    },
  });
  try {
    const browser = pair.browser();
    // A visitor without a session has been here too, with a browser that keeps no cookies.
    if (session === null || isGatewayed(session)) await (await browser.get(pair.portal.url + target)).settle();
    if (session === null) browser.cookies.clear();
    const firstTime = !browser.cookies.all().some(({ name }) => name.includes('sso-anonymous'));
    const { location } = await browser.get(pair.portal.url + target);
    const redirect = location?.href.startsWith(`${pair.fakeCas.url}/login?`) ?? false;
    return { redirect, firstTime, gatewayParameter: location?.searchParams.has('gateway') ?? false };
  } finally {
    await pair.close();
  }
}

function isGatewayed(session: unknown): boolean {
  return (session as { gatewayed?: unknown } | undefined)?.gatewayed === true;
}

/** One request with exactly the headers of the vector, by somebody who is not signed in. */
async function openAnonymously(input: Fields): Promise<Fields> {
  const pair = await startPair();
  try {
    const headers = input.headers as Readonly<Record<string, string>>;
    const answer = await request(pair.portal.url + requestTarget(input), { headers });
    const body = await answer.body.text();
    return {
      status: answer.statusCode,
      redirect: answer.headers.location ?? null,
      loginUrlHint: body.includes('/sso/login?returnTo='),
    };
  } finally {
    await pair.close();
  }
}
