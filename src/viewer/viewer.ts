import Router from '@koa/router';
import type { Context, Middleware } from 'koa';
import { loadDrawing } from '../drawing.ts';
import type { Flow } from '../flow/flow.ts';
import type { JournalListener } from '../flow/journal.ts';
import { seeOther } from '../koa/apply-reply.ts';
import { attachSso } from '../koa/context.ts';
import { answeringFailures, showFailure } from '../koa/error-page.ts';
import { currentLogin } from '../koa/login-handlers.ts';
import { readForm } from '../koa/read-form.ts';
import { externalPath, isNavigation, siteOf } from '../koa/request.ts';
import type { Runtime, RuntimeOf } from '../koa/runtime.ts';
import { markUnattended } from '../koa/unattended.ts';
import type { SsoContext } from '../koa-types.ts';
import type { Json, ResolvedOptions } from '../options.ts';
import { attemptPage } from './attempt-page.ts';
import { attemptsPage } from './attempts-page.ts';
import { filterQuery, readFilter } from './filter.ts';
import { flowListPage, flowPage } from './flow-pages.ts';
import { sendFile, sendViewerPage } from './frame.ts';
import { createLiveView } from './live-view.ts';
import { html } from './markup.ts';
import { createRecentAttempts } from './recent-attempts.ts';
import { checkedViewerOptions, type FlowViewerOptions } from './viewer-options.ts';
import { createWatchedFlows } from './watched-flows.ts';

export interface FlowViewer {
  readonly middleware: Middleware;
  /** Hears each step of each flow. */
  readonly listener: JournalListener;
  /** Ends what is live, so that a server can close. */
  close(): void;
}

export interface FlowViewerParts {
  readonly runtimeOf: RuntimeOf;
  readonly site: ResolvedOptions;
  /** All that run here, by different names. */
  readonly flows: readonly Pick<Flow<never>, 'name' | 'machine'>[];
}

/** Below the route prefix. */
const PATH = '/flows';

/**
 * Pages for those who look after a site: the flows as pictures, and the attempts of the last minutes drawn over them.
 * @throws SsoError ERR_SSO_OPTIONS
 */
export function createFlowViewer<Account extends Json>(
  { runtimeOf, site, flows }: FlowViewerParts,
  options: FlowViewerOptions<Account>,
): FlowViewer {
  const { allow, minutes, attempts: maxAttempts } = checkedViewerOptions(options);
  const { clock, logger, routePrefix, sites } = site;
  const recent = createRecentAttempts({ clock, keepMs: minutes * 60_000, maxAttempts });
  const live = createLiveView(recent);
  const watched = createWatchedFlows({ flows, load: loadDrawing, warn: (message) => logger.warn(message) });

  const router = new Router();
  const prefixes = [...new Set(['', ...sites.map(({ basePath }) => basePath)])];
  const at = (path: string) => prefixes.map((prefix) => prefix + routePrefix + PATH + path);

  /** Answers whoever may not look, and what goes wrong, before anything of the viewer is shown. */
  const guarded =
    (handle: (ctx: Context, runtime: Runtime, root: string) => Promise<void> | void) => async (ctx: Context) => {
      const runtime = runtimeOf(ctx);
      const { options: own } = runtime;
      await answeringFailures(ctx, runtime, async () => {
        attachSso(ctx, runtime);
        if (!isNavigation(ctx)) markUnattended(ctx);
        const isAllowed: unknown = await allow(ctx as Context & SsoContext<Account>);
        if (isAllowed !== true) return deny(ctx, runtime);
        return handle(ctx, runtime, own.basePath + routePrefix + PATH);
      });
    };

  router.get(
    at(''),
    guarded((ctx, _, root) => {
      const filter = readFilter(new URLSearchParams(ctx.querystring));
      const page = attemptsPage({ root, flows: watched, attempts: recent.all(), filter, minutes, maxAttempts });
      sendViewerPage(ctx, { root }, page);
    }),
  );

  // A form that is posted: an identifier of a person has no place in an address.
  router.post(
    at(''),
    guarded(async (ctx, { ways, pseudonymOf, options: own }, root) => {
      const form = siteOf(ctx, own.origin) === 'same-origin' ? await readForm(ctx) : new URLSearchParams();
      const wanted = readFilter(form);
      const id = form.get('user')?.trim() ?? '';
      const issuers = [...new Set(ways.map(({ issuer }) => issuer))];
      const subjects = id === '' ? wanted.subjects : issuers.map((issuer) => pseudonymOf({ issuer, id }));
      seeOther(ctx, root + filterQuery({ ...wanted, subjects }));
    }),
  );

  router.get(
    at('/attempts/:label'),
    guarded(async (ctx, _, root) => {
      const attempt = recent.find(parameter(ctx, 'label'));
      if (!attempt) return notFound(ctx, root, `This attempt is not among those of the last ${minutes} minutes.`);
      sendViewerPage(ctx, { root }, await attemptPage({ root, attempt, flow: watched.get(attempt.flow) }));
    }),
  );

  router.get(
    at('/flows'),
    guarded((ctx, _, root) => sendViewerPage(ctx, { root }, flowListPage({ root }, watched))),
  );

  router.get(
    at('/flows/:name'),
    guarded(async (ctx, _, root) => {
      const flow = watched.get(parameter(ctx, 'name'));
      if (!flow) return notFound(ctx, root, 'No flow of this name runs here.');
      sendViewerPage(ctx, { root }, await flowPage({ root }, flow));
    }),
  );

  router.get(
    at('/events'),
    guarded((ctx) => live.serve(ctx)),
  );

  router.get(
    at('/files/:name'),
    guarded((ctx, _, root) => {
      if (!sendFile(ctx, parameter(ctx, 'name'))) notFound(ctx, root, 'There is no such file.');
    }),
  );

  return {
    middleware: router.routes() as unknown as Middleware,
    listener: recent.hear,
    close: live.close,
  };
}

const parameter = (ctx: Context, name: string): string =>
  (ctx as Context & { readonly params: Readonly<Record<string, string>> }).params[name] ?? '';

async function deny(ctx: Context, runtime: Runtime): Promise<void> {
  const isKnown = (await currentLogin(ctx, runtime)) !== undefined;
  const code = isKnown ? 'ERR_SSO_NOT_AUTHORISED' : 'ERR_SSO_LOGIN_REQUIRED';
  return showFailure(ctx, runtime, { code, returnTo: externalPath(ctx, runtime.options) });
}

function notFound(ctx: Context, root: string, message: string): void {
  sendViewerPage(
    ctx,
    { root },
    {
      status: 404,
      title: 'Not found',
      content: html`<h1>Not found</h1>\n<p>${message} <a href="${root}">All sign-ins</a></p>`,
    },
  );
}
