/** What must hold of every login, whichever protocol it goes by and whatever states an application adds. */
import type { LoginContext } from './login-vocabulary.ts';
import {
  forbid,
  forbidAfter,
  forbidNodes,
  forbidOutcomes,
  forbidReached,
  type Invariant,
  isEqual,
  reachable,
} from './safety-findings.ts';
import type { Model, ModelEdge, ModelNode } from './safety-model.ts';
import type { PrincipalRef } from './vocabulary.ts';

export const asksFor = (edge: Pick<ModelEdge, 'effects'>, effect: string) =>
  edge.effects.some(({ type }) => type === effect);
export const paramsOf = <Params>(edge: Pick<ModelEdge, 'effects'>, effect: string) =>
  edge.effects.filter(({ type }) => type === effect).map(({ params }) => params as Params);
export const isSame = (one: PrincipalRef, other: PrincipalRef) => one.issuer === other.issuer && one.id === other.id;
const contextOf = (node: ModelNode) => node.snapshot.context as LoginContext;
const isSettled = (node: ModelNode) => node.snapshot.hasTag('settled');
const isActive = (node: ModelNode) => node.snapshot.status === 'active';

/** What a protocol calls the things that every login has. */
export interface LoginWords {
  /** The event by which the login server vouches for somebody. */
  readonly vouching: string;
  /** The effect by which what the login server gave is looked at. */
  readonly judging: string;
}

/**
 * Where an attempt begins, and nothing that an earlier one has shown counts any more: with the flow, when the browser is
 * sent away, where it comes back from the login server, and when a login that held is left.
 */
export function beginnings(model: Model): readonly (ModelNode | ModelEdge)[] {
  const comesBack = (edge: ModelEdge) => edge.event.type.startsWith('return.') && !isSettled(edge.from);
  return [
    ...model.starts.map(({ node }) => node),
    ...new Set(model.steps.filter(comesBack).map(({ from }) => from)),
    ...model.steps.filter((edge) => asksFor(edge, 'redirectToLogin') || (isSettled(edge.from) && !isSettled(edge.to))),
  ];
}

/** A settled state is entered only by way of one event, within one attempt. */
export const settlesOnlyThrough =
  (event: string): Invariant =>
  (model) => {
    const without = reachable(model, beginnings(model), (edge) => edge.event.type !== event);
    return forbidReached(model, without, isSettled, `signed in, without ${event} in this attempt`);
  };

/** The nodes in which somebody is being admitted: the application was asked about the person whom the flow names. */
function askedWhetherToAdmit(model: Model): ReadonlySet<ModelNode> {
  const asks = (edge: ModelEdge) =>
    paramsOf<{ readonly principal: unknown }>(edge, 'admitPrincipal').some(
      ({ principal }) => principal !== null && isEqual(principal, contextOf(edge.to).principal),
    );
  return new Set(model.steps.filter(asks).map(({ to }) => to));
}

/**
 * What may only be done for people whom the application has let in: from each answer that vouches for somebody, the way
 * there leads over the question whether to admit them, and its answer.
 */
export const onlyForTheAdmitted =
  (effect: string, vouching: string): Invariant =>
  (model) => {
    const asked = askedWhetherToAdmit(model);
    const vouched = model.steps.filter(({ event, from, to }) => event.type === vouching && from !== to);
    const admits = ({ event, from }: ModelEdge) => event.type === 'principal.admitted' && asked.has(from);
    const without = reachable(model, [...beginnings(model), ...vouched], (edge) => !admits(edge));
    const message = `${effect}, and nobody asked the application whether it admits the person`;
    return [
      ...forbidAfter(model, without, (edge) => asksFor(edge, effect) && !admits(edge), message),
      // The answer of the application was about whoever had been named before.
      ...forbid(model, (edge) => asksFor(edge, effect) && edge.event.type === vouching, message),
      ...forbid(
        model,
        (edge) =>
          paramsOf<{ readonly principal: unknown }>(edge, effect).some(
            ({ principal }) => principal === null || !isEqual(principal, contextOf(edge.to).principal),
          ),
        `${effect} for somebody else than the flow is about`,
      ),
    ];
  };

/** Whoever is signed in has a session: a login holds only after it was opened, and its answer came. */
export const settledOnlyWithASession: Invariant = (model) => {
  const opening = new Set(model.steps.filter((edge) => asksFor(edge, 'openSession')).map(({ to }) => to));
  const opens = ({ event, from }: ModelEdge) => event.type === 'session.opened' && opening.has(from);
  const without = reachable(model, beginnings(model), (edge) => !opens(edge));
  return forbidReached(model, without, isSettled, 'signed in, without a session that was opened in this attempt');
};

/** Who a flow is about is who the login server has vouched for, to the letter, and changes with its answers only. */
export const peopleAreTheOnesVouchedFor =
  (vouching: string): Invariant =>
  (model) =>
    forbid(
      model,
      ({ from, event, to }) => {
        const { principal } = contextOf(to);
        if (principal === null || isEqual(principal, contextOf(from).principal)) return false;
        const told = event.type === vouching ? (event as { readonly principal?: PrincipalRef }).principal : undefined;
        return told === undefined || !isSame(told, principal);
      },
      'the flow is about somebody whom the login server did not vouch for',
    );

/** Nobody is named before they were vouched for, nor after the end. */
export const nobodyIsNamedTooEarly =
  (vouching: string): Invariant =>
  (model) => {
    const isNamed = (node: ModelNode) => contextOf(node).principal !== null;
    const without = reachable(model, beginnings(model), (edge) => edge.event.type !== vouching);
    return [
      ...forbidReached(model, without, isNamed, 'somebody is named whom nobody vouched for in this attempt'),
      ...forbidNodes(model, (node) => node.snapshot.status === 'done' && isNamed(node), 'somebody is named at the end'),
    ];
  };

export const theSignedInAreKnown: Invariant = (model) =>
  forbidNodes(model, (node) => isSettled(node) && contextOf(node).principal === null, 'nobody is signed in');

/** A quiet login that went wrong is not told to the person, but its code is kept for the journal. */
export const onlyFailuresHaveACode: Invariant = (model) =>
  forbidNodes(
    model,
    (node) => !node.snapshot.hasTag('failed') && node.state !== 'declined' && contextOf(node).failure !== null,
    'a code of a failure where nothing has failed',
  );

/** A login that comes to nothing leaves the session that there may be as it is. */
export const failuresTouchNoSession: Invariant = (model) =>
  forbid(
    model,
    (edge) =>
      (edge.to.snapshot.hasTag('failed') || edge.to.state === 'declined') &&
      (asksFor(edge, 'openSession') || asksFor(edge, 'endSession')),
    'a login that fails opens or ends a session',
  );

/** What the login server gave is looked at once, and not again until the browser has been sent away again. */
export const judgedOnce =
  (effect: string): Invariant =>
  (model) => {
    const judged = model.steps.filter((edge) => asksFor(edge, effect));
    const since = reachable(model, judged, (edge) => edge.event.type !== 'redirect.issued');
    return forbidAfter(model, since, (edge) => asksFor(edge, effect), `${effect} for the second time`);
  };

/** A logout ends the flow, in the states that are meant, and with it the session, its grant and what was kept. */
export const logoutEnds =
  (isMeant: (node: ModelNode) => boolean = () => true): Invariant =>
  (model) =>
    forbidOutcomes(
      model,
      (edge) => {
        if (edge.event.type !== 'logout.requested' || !isActive(edge.from) || !isMeant(edge.from)) return false;
        const { loginId, grantId } = contextOf(edge.from);
        const after = contextOf(edge.to);
        const ended = paramsOf<{ readonly loginId: unknown; readonly grantId: unknown }>(edge, 'endSession');
        const isGone = [after.principal, after.loginId, after.grantId, after.savedRequest].every((one) => one === null);
        return (
          edge.to.snapshot.status !== 'done' ||
          edge.to.snapshot.hasTag('failed') ||
          ended.length !== 1 ||
          ended[0]!.loginId !== loginId ||
          ended[0]!.grantId !== grantId ||
          !isGone
        );
      },
      'the person signs out, and the session or what belongs to it stays',
    );
