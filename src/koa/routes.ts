import Router from '@koa/router';
import type { Context, Middleware } from 'koa';
import type { ResolvedOptions } from '../options.ts';
import { seeOther } from './apply-reply.ts';
import { attachSso } from './context.ts';
import { answeringFailures, hasChoice, logoutTargets, showFailure } from './error-page.ts';
import { erasePendingSoftly, holdBody, markRouted, resumePath } from './keep-request.ts';
import { beginLogin, currentLogin, endLogin, finishLogin } from './login-handlers.ts';
import { judgeLogout } from './logout-guard.ts';
import { sendPage } from './page.ts';
import { createProxyCallback } from './proxy-callback.ts';
import { refuseAnonymous } from './refusal.ts';
import { isNavigation } from './request.ts';
import { addRequestRoutes } from './request-routes.ts';
import { RESUME_SCRIPT, RESUME_SCRIPT_PATH } from './resume-page.ts';
import { interruptedBefore, takeCarrier } from './resume-request.ts';
import { localTarget } from './return-to.ts';
import type { Runtime, RuntimeOf, Ways } from './runtime.ts';
import { readPointer } from './session.ts';
import { addStepRoutes } from './step-pages.ts';
import { STYLE, STYLE_PATH } from './style.ts';
import { markUnattendedNews } from './unattended.ts';
import { sendChooser, wayOfIssuer } from './ways.ts';

/** The plugin's own routes. */
export function createRoutes(runtimeOf: RuntimeOf, { sites, routePrefix }: ResolvedOptions, ways: Ways): Middleware {
  const router = new Router();
  // Whether a mount or a proxy takes the path of baseUrl off or leaves it on, the routes are found.
  const prefixes = [...new Set(['', ...sites.map((site) => site.basePath)])];
  const at = (path: string) => prefixes.map((prefix) => prefix + routePrefix + path);
  const guarded = (handle: (ctx: Context, runtime: Runtime) => Promise<void>) => async (ctx: Context) => {
    const runtime = runtimeOf(ctx);
    await answeringFailures(ctx, runtime, () => handle(ctx, runtime));
  };

  router.get(
    at('/login'),
    guarded(async (ctx, runtime) => {
      const { options } = runtime;
      const wanted = localTarget(ctx.query.returnTo, options.baseUrl) ?? `${options.basePath}/`;
      if (!isNavigation(ctx)) return refuseAnonymous(ctx, runtime, { returnTo: wanted });
      const { via, request, again, renew } = ctx.query;
      const handle = typeof request === 'string' ? request : undefined;
      const interruption = handle === undefined ? undefined : await interruptedBefore(ctx, runtime, handle);
      // That page knows best what became of what is not there any more.
      const returnTo = handle !== undefined && !interruption ? resumePath(runtime, handle) : wanted;
      const isAwaited = interruption !== undefined || again !== undefined || renew !== undefined;
      if (!isAwaited && (await currentLogin(ctx, runtime))) return seeOther(ctx, returnTo);
      const named = ways.find(({ name }) => name === via);
      if (via !== undefined && !named && hasChoice(runtime)) return sendChooser(ctx, runtime, returnTo, handle);
      const issuer = interruption?.expected?.issuer;
      const way = named ?? (issuer === undefined ? undefined : wayOfIssuer(runtime, issuer));
      return beginLogin(ctx, runtime, {
        returnTo,
        asked: isOwnClick(ctx),
        way,
        interruption,
        renew: renew !== undefined,
      });
    }),
  );

  for (const way of ways) {
    const { name, returnPath } = way;
    const paths =
      returnPath === null
        ? at(way === ways[0] ? '/return' : `/return/${name}`)
        : prefixes.flatMap((prefix) => (returnPath.startsWith(`${prefix}/`) ? returnPath.slice(prefix.length) : []));
    router.get(
      paths,
      guarded(async (ctx, runtime) => {
        const { options } = runtime;
        if (!isNavigation(ctx)) return refuseAnonymous(ctx, runtime, { returnTo: `${options.basePath}/` });
        return finishLogin(ctx, runtime, way);
      }),
    );
    // What comes back from a login server is in the address, and nowhere else.
    router.all(paths, (ctx) => {
      ctx.status = 405;
      ctx.set('Allow', 'GET, HEAD');
    });
  }

  const logout = guarded(async (ctx, runtime) => {
    const { options } = runtime;
    const verdict = judgeLogout(ctx, options.origin);
    if (verdict === 'refused') return showFailure(ctx, runtime, { code: 'ERR_SSO_CROSS_SITE_LOGOUT' });
    if (verdict === 'ask') return askBeforeLogout(ctx, runtime);
    return endLogin(ctx, runtime, ctx.query.scope !== 'here');
  });
  router.post(at('/logout'), logout);
  router.get(at('/logout'), logout);

  router.get(
    at('/logged-out'),
    guarded(async (ctx, runtime) => {
      const { options } = runtime;
      const onward = ways.find(({ name, goesOnAt }) => goesOnAt !== null && name === ctx.query.via);
      const start = { kind: 'link', label: 'Go to the start page', href: `${options.basePath}/` } as const;
      const shared = 'If you share this computer, close the browser as well.';
      sendPage(ctx, options, {
        status: 200,
        title: onward ? 'You have signed out of this site' : 'You have signed out',
        paragraphs: onward
          ? [`You are still signed in to ${onward.label}, and so to every other site that uses it. ${shared}`]
          : [`You are no longer signed in to this site. ${shared}`],
        actions: onward?.goesOnAt
          ? [{ kind: 'link', label: `Sign out of ${onward.label}`, href: onward.goesOnAt }, start]
          : [start],
      });
    }),
  );

  addRequestRoutes(router, { at, guarded });
  addStepRoutes(router, ways, { at, guarded });

  const files = [
    [STYLE_PATH, 'text/css', STYLE],
    [RESUME_SCRIPT_PATH, 'text/javascript', RESUME_SCRIPT],
  ] as const;
  for (const [path, type, content] of files) {
    router.get(at(path), (ctx) => {
      ctx.type = `${type}; charset=utf-8`;
      ctx.set('Cache-Control', 'public, max-age=31536000, immutable');
      ctx.set('X-Content-Type-Options', 'nosniff');
      ctx.body = content;
    });
  }

  const routes = router.routes() as unknown as Middleware;
  const proxying = ways.find((way) => way.proxying)?.proxying;
  const takeCallback = proxying && createProxyCallback(proxying);
  return async function campusRoutes(ctx, next) {
    const runtime = runtimeOf(ctx);
    holdBody(ctx, runtime);
    markRouted(ctx);
    markUnattendedNews(ctx, routePrefix);
    attachSso(ctx, runtime);
    const onward = () => watchingSession(ctx, runtime, () => routes(ctx, next));
    const isAnswered = await answeringFailures(ctx, runtime, () => takeCarrier(ctx, runtime));
    if (isAnswered !== false) return;
    return takeCallback ? takeCallback(ctx, runtime, onward) : onward();
  };
}

/** An application that ends the session itself ends what waits for it as well. */
async function watchingSession(ctx: Context, runtime: Runtime, onward: () => Promise<unknown>): Promise<void> {
  const isPending = runtime.keeping.isWanted && runtime.requestCookies.of(ctx).length > 0;
  const before = isPending ? readPointer(ctx) : undefined;
  await onward();
  if (before && !readPointer(ctx)) await erasePendingSoftly(ctx, runtime);
}

/** A person pressed a link of ours: that ends a loop, if there was one. */
function isOwnClick(ctx: Context): boolean {
  return ctx.get('Sec-Fetch-Site') === 'same-origin' && ctx.get('Sec-Fetch-User') === '?1';
}

/** A browser that does not say where the request comes from: a person must press a button on a page of ours. */
function askBeforeLogout(ctx: Context, runtime: Runtime): void {
  const { options } = runtime;
  const here = ctx.query.scope === 'here';
  const path = `${options.basePath}${options.routePrefix}/logout${here ? '?scope=here' : ''}`;
  // Not every login server can be signed out of from here, and whose login it is shows only later.
  const onlyHere = here || logoutTargets(runtime).length < runtime.ways.length;
  sendPage(ctx, options, {
    status: 200,
    title: 'Do you want to sign out?',
    paragraphs: [
      onlyHere
        ? 'You will be signed out of this site.'
        : 'You will be signed out of this site and of the login server.',
    ],
    actions: [
      { kind: 'post', label: 'Sign out', href: path },
      { kind: 'link', label: 'Stay signed in', href: `${options.basePath}/` },
    ],
    formTargets: here ? [] : logoutTargets(runtime),
  });
}
