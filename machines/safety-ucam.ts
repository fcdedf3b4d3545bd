/** What must hold of a login by Ucam-WebAuth, beside what holds of every login. */
import { forbid, forbidNodes, type Invariant } from './safety-findings.ts';
import { asksFor, paramsOf } from './safety-login.ts';
import type { ModelNode } from './safety-model.ts';
import type { UcamLoginContext } from './ucam-login-vocabulary.ts';

const contextOf = (node: ModelNode) => node.snapshot.context as UcamLoginContext;

type Judged = Pick<UcamLoginContext, 'url' | 'params' | 'renew' | 'gateway'>;

/** A reply is judged by what this attempt sent and asked, and by nothing that came with the reply. */
export const repliesAreJudgedByTheirAttempt: Invariant = (model) =>
  forbid(
    model,
    (edge) => {
      const { url, params, renew, gateway } = contextOf(edge.from);
      return paramsOf<Judged>(edge, 'verifyReply').some(
        (judged) =>
          url === null ||
          params === null ||
          judged.url !== url ||
          judged.params !== params ||
          judged.renew !== renew ||
          judged.gateway !== gateway,
      );
    },
    'a reply is judged by something else than what its attempt sent and asked',
  );

/** An attempt remembers the address and the nonce of its latest departure. */
export const departuresAreRemembered: Invariant = (model) =>
  forbid(
    model,
    ({ from, event, to }) => {
      if (event.type !== 'redirect.issued' || to === from) return false;
      const sent = event as { readonly url?: string; readonly params?: string; readonly at?: number };
      const { url, params, redirectedAt } = contextOf(to);
      return sent.url !== url || sent.params !== params || sent.at !== redirectedAt;
    },
    'the nonce of a departure is not remembered',
  );

/** The session at the WLS caps ours: what the reply told of its life arrives where the session is opened. */
export const lifeReachesTheSession: Invariant = (model) =>
  forbid(
    model,
    (edge) => {
      const { from, event, to } = edge;
      if (event.type === 'reply.verified' && asksFor(edge, 'admitPrincipal')) {
        return contextOf(to).lifeMs !== (event as { readonly lifeMs?: number | null }).lifeMs;
      }
      return paramsOf<{ readonly lifeMs: unknown }>(edge, 'openSession').some(
        ({ lifeMs }) => lifeMs !== contextOf(from).lifeMs,
      );
    },
    'the session outlives that of the login server',
  );

/** A person who cancels comes to a state that says so; whoever was asked quietly never does. */
export const cancellingIsItsOwnEnd: Invariant = (model) => [
  ...forbid(
    model,
    ({ from, event, to }) =>
      event.type === 'reply.cancelled' &&
      to !== from &&
      to.state !== (contextOf(from).gateway ? 'declined' : 'cancelled'),
    'a person who cancels is told of something else',
  ),
  ...forbidNodes(
    model,
    (node) => (node.state === 'cancelled') !== (contextOf(node).failure?.code === 'ERR_SSO_CANCELLED'),
    'a login was cancelled, or not, and its state says otherwise',
  ),
];

/** What a WLS says is a stranger's text: it is kept for the page about a failure, and for nothing else. */
export const wordsAreForThePageOnly =
  (said: string): Invariant =>
  (model) =>
    forbidNodes(
      model,
      ({ key, snapshot }) => {
        const { failure, ...rest } = snapshot.context as UcamLoginContext;
        return key.includes(said) && (JSON.stringify(rest).includes(said) || failure?.said !== said);
      },
      'a text of a stranger is kept elsewhere than with the failure',
    );

/** A reply is verified in answer to a return, and to nothing else. */
export const onlyReturnsAreVerified: Invariant = (model) =>
  forbid(
    model,
    (edge) =>
      asksFor(edge, 'verifyReply') &&
      (edge.event.type !== 'return.reply' || !edge.from.snapshot.hasTag('awaiting-browser')),
    'a reply is verified that no browser has brought back',
  );
