import type Router from '@koa/router';
import type { RouterContext } from '@koa/router';
import type { Context } from 'koa';
import { isRequestCode } from '../request-errors.ts';
import { refuseAnonymous } from './refusal.ts';
import { isNavigation } from './request.ts';
import { sendRequestPage } from './request-page.ts';
import { discardFromPage, showResumePage } from './resume-request.ts';
import { localTarget } from './return-to.ts';
import type { Runtime } from './runtime.ts';

interface Placing {
  /** The paths that a route of ours is found at. */
  at(path: string): string[];
  /** Answers what goes wrong. */
  guarded(handle: (ctx: Context, runtime: Runtime) => Promise<void>): (ctx: Context) => Promise<void>;
}

/** The routes for what is kept over a login: to send it again, to erase it, and to say why it is not there. */
export function addRequestRoutes(router: Router, { at, guarded }: Placing): void {
  const handleOf = (ctx: Context) => (ctx as unknown as RouterContext).params.handle ?? '';

  router.get(
    at('/resume/:handle'),
    guarded(async (ctx, runtime) => {
      if (!isNavigation(ctx)) return refuseAnonymous(ctx, runtime, { returnTo: `${runtime.options.basePath}/` });
      return showResumePage(ctx, runtime, handleOf(ctx));
    }),
  );
  router.post(
    at('/resume/:handle/discard'),
    guarded((ctx, runtime) => discardFromPage(ctx, runtime, handleOf(ctx))),
  );
  router.get(
    at('/not-sent'),
    guarded((ctx, runtime) => {
      const { code, returnTo } = ctx.query;
      return sendRequestPage(ctx, runtime, {
        // A stranger may have written the address: it tells no more than why something was lost.
        code: isRequestCode(code) && code !== 'ERR_SSO_REQUEST_USED' ? code : 'ERR_SSO_REQUEST_UNKNOWN',
        returnTo: localTarget(returnTo, runtime.options.baseUrl),
        status: 200,
      });
    }),
  );
}
