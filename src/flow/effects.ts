import type { AnyStateMachine, EventFromLogic, StateMachine } from 'xstate';

/**
 * The actions that a machine names, each with its params. xstate's own `ExecutableActionsFrom` is one object with a
 * union of types and a union of params, which does not narrow; the machine's type parameter does.
 */
export type EffectFrom<M> =
  // biome-ignore lint/suspicious/noExplicitAny: the other parameters of the machine do not matter here.
  M extends StateMachine<any, any, any, any, infer Effect, any, any, any, any, any, any, any, any, any>
    ? Effect
    : never;

/** Actions with such a name change the context of the machine, and are no effects: nobody performs them. */
type Remembering = `remember${string}` | `forget${string}`;

/**
 * One performer for each effect that a machine asks for; a missing or misspelt one does not compile.
 * A performer does what the effect says, and tells the outcome as an event of the machine where there is one to tell.
 * It throws only for bugs and for outages of our own store: those end the request, and nobody is logged in.
 */
export type Effects<M extends AnyStateMachine, Scope> = {
  readonly [T in Exclude<EffectFrom<M>['type'], Remembering>]: (
    params: Extract<EffectFrom<M>, { type: T }>['params'],
    scope: Scope,
    // biome-ignore lint/suspicious/noConfusingVoidType: a performer that tells nothing is written without a return.
  ) => Promise<EventFromLogic<M> | void> | EventFromLogic<M> | void;
};
