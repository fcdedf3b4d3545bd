/** Where a machine opens the session of a login: a state of an application's own may stand under the shipped name. */
import { forbid, type Invariant } from './safety-findings.ts';
import { asksFor } from './safety-login.ts';
import type { Model, ModelEdge } from './safety-model.ts';

/** Where sessions are opened in a machine, whatever the state is called there. */
export function openingOf(model: Model): {
  /** A login has come so far that its session is to be opened. */
  isLogin(edge: ModelEdge): boolean;
  /** The session is open, and the person goes on. */
  opensTheSession(edge: ModelEdge): boolean;
} {
  const states = new Set(model.steps.filter((edge) => asksFor(edge, 'openSession')).map(({ to }) => to.state));
  return {
    isLogin: ({ from, to }) => states.has(to.state) && from.state !== to.state,
    opensTheSession: ({ from, event }) => event.type === 'session.opened' && states.has(from.state),
  };
}

/** Once the session is open the person is signed in: a state of an application's own would come too late to keep anybody out. */
export const nothingIsAskedOfTheSignedIn: Invariant = (model) => {
  const { opensTheSession } = openingOf(model);
  return forbid(
    model,
    (edge) => opensTheSession(edge) && edge.to !== edge.from && !['authenticated', 'resuming'].includes(edge.to.state),
    'the person is signed in already when this state is reached; put it before the session is opened, in the place of openingSession with the shipped state behind it',
  );
};
