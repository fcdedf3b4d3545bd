/** What must hold of a login by Ucam-WebAuth. What holds of every login is in `login-invariants.ts`. */
import type { UcamLoginContext } from '../../machines/ucam-login-vocabulary.ts';
import { forbid, forbidNodes, type Invariant, type ModelEdge } from '../support/model.ts';
import * as every from './login-invariants.ts';
import { asksFor, entersState } from './login-invariants.ts';
import { contextOf, SAID } from './ucam-login-model.ts';

export const onlyAdmittedPeopleAreAuthenticated = every.sessionsOpenedOnlyFrom({ admitting: /^principal\.admitted$/ });
export const renewIsEnforced = every.renewIsEnforcedOn('reply.verified');
export const ageLimitIsEnforced = every.ageLimitIsEnforcedOn('reply.verified');
export const repliesAreVerifiedOnce = every.judgedOnce('verifyReply');

const paramsOf = <Params>(edge: ModelEdge, effect: string) =>
  edge.effects.find(({ type }) => type === effect)?.params as Params | undefined;

type Judged = Pick<UcamLoginContext, 'url' | 'params' | 'renew' | 'gateway'>;

/** A reply is judged by what this attempt sent and asked, and by nothing that came with the reply. */
export const repliesAreJudgedByTheirAttempt: Invariant = (model) =>
  forbid(model, (edge) => {
    const judged = paramsOf<Judged>(edge, 'verifyReply');
    const { url, params, renew, gateway } = contextOf(edge.from);
    return (
      judged !== undefined &&
      (url === null ||
        params === null ||
        judged.url !== url ||
        judged.params !== params ||
        judged.renew !== renew ||
        judged.gateway !== gateway)
    );
  });

/** An attempt remembers the address and the nonce of its latest departure. */
export const departuresAreRemembered: Invariant = (model) =>
  forbid(model, (edge) => {
    if (!entersState(edge, 'awaitingReturn')) return false;
    const sent = edge.event as unknown as { readonly url?: string; readonly params?: string; readonly at?: number };
    const { url, params, redirectedAt } = contextOf(edge.to);
    return sent.url !== url || sent.params !== params || sent.at !== redirectedAt;
  });

/** Whoever is admitted is whom the reply names, to the letter. */
export const theAdmittedAreTheOnesVouchedFor: Invariant = (model) =>
  forbid(model, (edge) => {
    if (!entersState(edge, 'admitting')) return false;
    const { principal: told } = edge.event as { readonly principal?: { readonly issuer: string; readonly id: string } };
    const { principal } = contextOf(edge.to);
    return told === undefined || told.issuer !== principal?.issuer || told.id !== principal.id;
  });

/** The session at the WLS caps ours: what the reply told of its life arrives where the session is opened. */
export const lifeReachesTheSession: Invariant = (model) =>
  forbid(model, (edge) => {
    if (entersState(edge, 'admitting')) {
      return contextOf(edge.to).lifeMs !== (edge.event as { readonly lifeMs?: number | null }).lifeMs;
    }
    if (!entersState(edge, 'openingSession')) return false;
    const opened = paramsOf<{ readonly lifeMs: number | null }>(edge, 'openSession');
    return opened?.lifeMs !== contextOf(edge.from).lifeMs;
  });

/** A person who cancels comes to a state that says so; whoever was asked quietly never does. */
export const cancellingIsItsOwnEnd: Invariant = (model) => [
  ...forbid(
    model,
    ({ from, event, to }) =>
      event.type === 'reply.cancelled' &&
      from.state === 'verifying' &&
      to.state !== (contextOf(from).gateway ? 'declined' : 'cancelled'),
  ),
  ...forbidNodes(
    model,
    (node) => (node.state === 'cancelled') !== (contextOf(node).failure?.code === 'ERR_SSO_CANCELLED'),
  ),
];

/** What a WLS says is a stranger's text: it is kept for the page about a failure, and for nothing else. */
export const wordsAreForThePageOnly: Invariant = (model) =>
  forbidNodes(model, ({ key, snapshot }) => {
    const { failure, ...rest } = snapshot.context as UcamLoginContext;
    return key.includes(SAID) && (JSON.stringify(rest).includes(SAID) || failure?.said !== SAID);
  });

/** A reply is verified in answer to a return, and to nothing else. */
export const onlyReturnsAreVerified: Invariant = (model) =>
  forbid(
    model,
    (edge) =>
      asksFor(edge, 'verifyReply') && (edge.event.type !== 'return.reply' || edge.from.state !== 'awaitingReturn'),
  );
