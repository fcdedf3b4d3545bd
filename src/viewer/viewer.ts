import Router from '@koa/router';
import type { Context, Middleware } from 'koa';
import { loadDrawing } from '../drawing.ts';
import { isSsoError } from '../errors.ts';
import type { Flow } from '../flow/flow.ts';
import type { JournalListener } from '../flow/journal.ts';
import { seeOther } from '../koa/apply-reply.ts';
import { attachSso } from '../koa/context.ts';
import { answeringFailures, showFailure } from '../koa/error-page.ts';
import { currentLogin } from '../koa/login-handlers.ts';
import { readForm } from '../koa/read-form.ts';
import { externalPath, siteOf } from '../koa/request.ts';
import type { Runtime, RuntimeOf } from '../koa/runtime.ts';
import { markUnattended, VIEWER_PATH } from '../koa/unattended.ts';
import type { SsoContext } from '../koa-types.ts';
import type { Json, ResolvedOptions } from '../options.ts';
import { attemptPage } from './attempt-page.ts';
import { attemptsPage } from './attempts-page.ts';
import { filterQuery, readFilter } from './filter.ts';
import { flowListPage, flowPage } from './flow-pages.ts';
import { type Place, sendFile, sendViewerPage } from './frame.ts';
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

  // Links in a picture are relative: with a slash at the end of an address they would lead elsewhere.
  const router = new Router({ strict: true });
  const prefixes = [...new Set(['', ...sites.map(({ basePath }) => basePath)])];
  const at = (path: string) => prefixes.map((prefix) => prefix + routePrefix + VIEWER_PATH + path);

  /** Answers whoever may not look, and what goes wrong, before anything of the viewer is shown. */
  const guarded =
    (handle: (ctx: Context, place: Place, runtime: Runtime) => Promise<void> | void) => async (ctx: Context) => {
      const runtime = runtimeOf(ctx);
      const { options: own } = runtime;
      await answeringFailures(ctx, runtime, async () => {
        attachSso(ctx, runtime);
        markUnattended(ctx);
        const isAllowed: unknown = await allow(ctx as Context & SsoContext<Account>);
        if (isAllowed !== true) return deny(ctx, runtime);
        return handle(ctx, { root: own.basePath + routePrefix + VIEWER_PATH, home: `${own.basePath}/` }, runtime);
      });
    };

  router.get(
    at(''),
    guarded((ctx, place) => {
      const filter = readFilter(new URLSearchParams(ctx.querystring));
      const page = attemptsPage({
        ...place,
        flows: watched,
        attempts: recent.all(),
        filter,
        minutes,
        crowdedOut: recent.crowdedOut(),
      });
      sendViewerPage(ctx, place, page);
    }),
  );

  // A form that is posted: an identifier of a person has no place in an address.
  router.post(
    at(''),
    guarded(async (ctx, { root }, { ways, pseudonymOf, options: own }) => {
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
    guarded(async (ctx, place) => {
      const attempt = recent.find(parameter(ctx, 'label'));
      const flow = attempt && watched.get(attempt.flow);
      if (!flow) return notFound(ctx, place, `This attempt is not among those of the last ${minutes} minutes.`);
      sendViewerPage(ctx, place, await attemptPage({ ...place, attempt, flow }));
    }),
  );

  router.get(
    at('/machines'),
    guarded((ctx, place) => sendViewerPage(ctx, place, flowListPage(place, watched))),
  );

  router.get(
    at('/machines/:name'),
    guarded(async (ctx, place) => {
      const flow = watched.get(parameter(ctx, 'name'));
      if (!flow) return notFound(ctx, place, 'No flow of this name runs here.');
      sendViewerPage(ctx, place, await flowPage(place, flow));
    }),
  );

  router.get(
    at('/events'),
    guarded((ctx) => live.serve(ctx)),
  );

  router.get(
    at('/files/:name'),
    guarded((ctx, place) => {
      if (!sendFile(ctx, parameter(ctx, 'name'))) notFound(ctx, place, 'There is no such file.');
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
  const isKnown = (await knownLogin(ctx, runtime)) !== undefined;
  const code = isKnown ? 'ERR_SSO_NOT_AUTHORISED' : 'ERR_SSO_LOGIN_REQUIRED';
  return showFailure(ctx, runtime, { code, returnTo: externalPath(ctx, runtime.options) });
}

/** Who may look need not hang on who is signed in, and so there may be no session here. */
async function knownLogin(ctx: Context, runtime: Runtime) {
  try {
    return await currentLogin(ctx, runtime);
  } catch (error) {
    if (isSsoError(error) && error.code === 'ERR_SSO_SESSION_MISSING') return undefined;
    throw error;
  }
}

function notFound(ctx: Context, place: Place, message: string): void {
  sendViewerPage(ctx, place, {
    status: 404,
    title: 'Not found',
    content: html`<h1>Not found</h1>\n<p>${message} <a href="${place.root}">All sign-ins</a></p>`,
  });
}
