import type Router from '@koa/router';
import type { RouterContext } from '@koa/router';
import type { Context } from 'koa';
import type { LoginContext } from '../../machines/login-vocabulary.ts';
import { SsoError } from '../errors.ts';
import type { AttemptView } from '../flow/attempt-types.ts';
import { emptyReply } from '../flow/reply.ts';
import type { ConnectedLogin } from '../protocols/protocol.ts';
import type { StepField, StepPage, StepRoute } from '../step-types.ts';
import { applyReply, seeOther } from './apply-reply.ts';
import { logoutTargets, showFailure } from './error-page.ts';
import { answer, isOfThisPerson } from './login-handlers.ts';
import { createScope, stepPath } from './login-scope.ts';
import { type PageAction, type PageInput, sendPage } from './page.ts';
import { readForm } from './read-form.ts';
import { refuseAnonymous } from './refusal.ts';
import { isNavigation, siteOf } from './request.ts';
import type { Runtime, Ways } from './runtime.ts';

interface Placing {
  /** The paths that a route of ours is found at. */
  at(path: string): string[];
  /** Answers what goes wrong. */
  guarded(handle: (ctx: Context, runtime: Runtime) => Promise<void>): (ctx: Context) => Promise<void>;
}

/** The pages that states of the application's own wait on. */
export function addStepRoutes(router: Router, ways: Ways, { at, guarded }: Placing): void {
  if (ways.every(({ routes }) => Object.keys(routes).length === 0)) return;
  const paths = at('/step/:way/:route/:attempt');
  router.get(
    paths,
    guarded((ctx, runtime) => withStep(ctx, runtime, (step) => showStep(ctx, runtime, step))),
  );
  router.post(
    paths,
    guarded((ctx, runtime) => withStep(ctx, runtime, (step) => takeAnswer(ctx, runtime, step))),
  );
}

/** A flow that waits for an answer of its browser. */
interface Step {
  readonly way: ConnectedLogin;
  readonly name: string;
  readonly route: StepRoute<unknown, { readonly type: string }>;
  readonly attempt: string;
  readonly secret: string | undefined;
  readonly context: unknown;
}

async function withStep(ctx: Context, runtime: Runtime, work: (step: Step) => Promise<void>): Promise<void> {
  const { ways, attempts, cookies, options } = runtime;
  if (!isNavigation(ctx)) return refuseAnonymous(ctx, runtime, { returnTo: `${options.basePath}/` });
  const { way: wayName = '', route: name = '', attempt = '' } = (ctx as unknown as RouterContext).params;
  const way = ways.find((one) => one.name === wayName);
  const route = way && Object.hasOwn(way.routes, name) ? way.routes[name] : undefined;
  const secret = cookies.secretOf(ctx, attempt);
  const owns = (snapshot: { readonly context: unknown }) => isOfThisPerson(ctx, runtime, snapshot.context);
  const view = way && (await attempts.look(attempt, { flowName: way.flow.name, secret, owns }));
  if (way && view?.kind === 'settled') return goOn(ctx, runtime, way, view);
  // What a state waits on is its own page: another one must not answer for it.
  if (way && route && view?.kind === 'waiting' && view.route === name) {
    return work({ way, name, route, attempt, secret, context: view.context });
  }
  const code = view?.kind === 'foreign' ? 'ERR_SSO_ATTEMPT_FOREIGN' : 'ERR_SSO_ATTEMPT_UNKNOWN';
  const request = runtime.requestCookies.ofAttempt(ctx, attempt)?.handle;
  return showFailure(ctx, runtime, { code, via: way?.name, request });
}

/** The page is opened again, or its form sent again, after the login has come of it: nothing happens a second time. */
function goOn(ctx: Context, runtime: Runtime, way: ConnectedLogin, view: AttemptView & { kind: 'settled' }) {
  const { returnTo, savedRequest, notKept } = view.context as LoginContext;
  const again = { redirect: returnTo, savedRequest: view.isPending ? savedRequest : null, notKept };
  return applyReply(ctx, runtime, { ...emptyReply(), ...again }, way);
}

async function showStep(ctx: Context, runtime: Runtime, step: Step): Promise<void> {
  const page = await step.route.page(step.context, ctx.query.again !== undefined);
  if (page.choices.length === 0) {
    throw new SsoError('ERR_SSO_FLOW', { detail: `${step.way.name}: the page ${step.name} has no choice` });
  }
  sendPage(ctx, runtime.options, {
    status: 200,
    title: page.title,
    paragraphs: page.paragraphs,
    ...(page.facts ? { facts: page.facts } : {}),
    // Two answers are an offer and a way out; more are equals.
    ...((page.areEquals ?? page.choices.length > 2) ? { layout: 'choice' as const } : {}),
    actions: actionsOf(page, stepPath(runtime, step.way, step.name, step.attempt)),
    formTargets: [step.way.loginAddress, ...logoutTargets(runtime)],
  });
}

function actionsOf({ fields = [], choices }: StepPage, href: string): readonly PageAction[] {
  return choices.map(({ label, answer: sent = {} }, index) => ({
    kind: 'post' as const,
    label,
    href,
    fields: sent,
    ...(index === 0 && fields.length > 0 ? { inputs: fields.map(inputOf) } : {}),
  }));
}

function inputOf({ name, label, type = 'text' }: StepField): PageInput {
  if (type === 'one-time-code') return { name, label, type: 'text', autocomplete: type, inputMode: 'numeric' };
  return { name, label, type, autocomplete: type === 'password' ? 'current-password' : 'off' };
}

async function takeAnswer(ctx: Context, runtime: Runtime, step: Step): Promise<void> {
  const { attempts, cookies, options } = runtime;
  const { way, route, attempt, secret, context } = step;
  // A form on another site could answer in the person's name.
  if (siteOf(ctx, options.origin) !== 'same-origin') {
    return showFailure(ctx, runtime, { code: 'ERR_SSO_ATTEMPT_FOREIGN', via: way.name });
  }
  const event = await route.answer(await readForm(ctx), context);
  if (event === undefined) return seeOther(ctx, `${stepPath(runtime, way, step.name, attempt)}?again=1`);
  if (way.isOwnEvent(event.type)) {
    throw new SsoError('ERR_SSO_FLOW', {
      detail: `${way.name}: the route ${step.name} answers with ${event.type}, which is not its to tell`,
    });
  }
  const scope = createScope(ctx, runtime, way);
  const outcome = await attempts.resume(attempt, { flowName: way.flow.name, event, secret }, scope);
  if (outcome.kind === 'impossible') {
    throw new SsoError('ERR_SSO_FLOW', {
      detail: `${way.name}: the state at ${step.name} does not take ${event.type}`,
    });
  }
  if (secret !== undefined) cookies.clearSecret(ctx, attempt);
  return answer(ctx, runtime, way, scope, outcome, attempt);
}
