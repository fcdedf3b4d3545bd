/** What must hold wherever a browser is sent to the login server: what it is asked there, and that it is not sent for ever. */
import { type LoginContext, MAX_RECENT_LOGINS } from './login-vocabulary.ts';
import {
  type Finding,
  forbid,
  forbidAfter,
  forbidNodes,
  forbidStarts,
  type Invariant,
  reachable,
} from './safety-findings.ts';
import { paramsOf } from './safety-login.ts';
import type { Model, ModelEdge, ModelNode } from './safety-model.ts';

const contextOf = (node: ModelNode) => node.snapshot.context as LoginContext;

interface Departure {
  readonly renew: boolean;
  readonly gateway: boolean;
}

const isGateway = ({ gateway, renew }: Departure) => gateway && !renew;

/** Everywhere that the browser is sent to the login server, where something is wrong with that. */
function departures(
  model: Model,
  isWrong: (context: LoginContext, params: Departure) => boolean,
  message: string,
): readonly Finding[] {
  const wrong = ({ effects }: Pick<ModelEdge, 'effects'>, node: ModelNode) =>
    paramsOf<Departure>({ effects }, 'redirectToLogin').some((params) => isWrong(contextOf(node), params));
  return [
    ...forbidStarts(model, (start) => wrong(start, start.node), message),
    ...forbid(model, (edge) => wrong(edge, edge.to), message),
  ];
}

export const gatewayCoolsDown: Invariant = (model) =>
  departures(
    model,
    (context) => isGateway(context) && context.gatewayRecentlyDeclined,
    'the login server is asked quietly again, right after it declined',
  );

export const redirectAsksWhatWasAsked: Invariant = (model) =>
  departures(
    model,
    (context, params) => params.renew !== context.renew || params.gateway !== isGateway(context),
    'the login server is asked for something else than the page asked for',
  );

export const loopsAreBroken: Invariant = (model) =>
  departures(
    model,
    ({ recentLogins }) => recentLogins >= MAX_RECENT_LOGINS,
    'a browser that loops is sent away once more',
  );

export const onlyGatewayIsDeclined: Invariant = (model) =>
  forbidNodes(
    model,
    (node) => node.state === 'declined' && !contextOf(node).gateway,
    'a page that asks for a login goes on without',
  );

/** A page that asked not to prompt never prompts, whatever the login server answers; a page that asks later may. */
export const quietLoginsStayQuiet: Invariant = (model) => {
  const quiet = model.starts.filter(({ input }) => isGateway(input as Departure)).map(({ node }) => node);
  const since = reachable(model, quiet, (edge) => edge.event.type !== 'grant.expired');
  const prompts = (asked: Pick<ModelEdge, 'effects'>) =>
    paramsOf<Departure>(asked, 'redirectToLogin').some(({ gateway }) => !gateway);
  const message = 'a page that asked not to prompt prompts';
  return [
    ...forbidStarts(model, (start) => isGateway(start.input as Departure) && prompts(start), message),
    ...forbidAfter(model, since, (edge) => edge.event.type !== 'grant.expired' && prompts(edge), message),
  ];
};
