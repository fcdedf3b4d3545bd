import type { AnyStateMachine, ContextFrom, EventFromLogic } from 'xstate';
import type { CustomLoginEvent } from '../../machines/login-vocabulary.ts';
import { checkSafety, type SafetyOptions, violationsOf } from '../../machines/safety.ts';
import { effectsOf as askedEffects } from '../../machines/safety-shape.ts';
import { vocabularyOf } from '../../machines/safety-vocabularies.ts';
import type { Effects } from '../flow/effects.ts';
import type { EffectScope, ReplacedEffectScope, StepRoute, StepRoutes } from '../step-types.ts';
import type { LoginScope } from './protocol.ts';

/** Refuses, at compile time, a machine that does not speak the vocabulary of a login. */
type Speaks<M extends AnyStateMachine, Context, Event> =
  ContextFrom<M> extends Context
    ? Event extends EventFromLogic<M>
      ? unknown
      : { readonly doesNotTakeTheEventsOfTheLogin: never }
    : { readonly doesNotRememberWhatTheLoginDoes: never };

/** The effects of a machine that the plugin does not perform. */
type OwnEffects<M extends AnyStateMachine, Shipped> = Omit<Effects<M, EffectScope>, keyof Shipped>;

/** Performers of the application in place of ours, which they can call. */
type Replacements<Shipped> = {
  readonly [Name in keyof Shipped]?: Shipped[Name] extends (params: infer Params, scope: infer _Scope) => infer Told
    ? (params: Params, scope: ReplacedEffectScope<Params, Awaited<Told>>) => Told | Promise<Awaited<Told>>
    : never;
};

/** A machine of the application's own in place of the shipped one, and what it needs beyond it. */
export type Extension<M extends AnyStateMachine, Context, Event, Shipped> = {
  /**
   * The machine that runs: the shipped one with other guards (`casLoginMachine.provide`), or one that was put together
   * from its states. It is proven safe before anything starts. Default: the shipped one.
   */
  readonly machine?: M & Speaks<M, Context, Event>;
  /**
   * Examples of the application's own events, with what they carry, for the proof of the machine: an event without one is sent
   * to it without any fields.
   */
  readonly samples?: readonly CustomLoginEvent[];
  /** Pages that states of the application's own wait on, by name; an effect leads there by `scope.visit(name)`. */
  readonly routes?: StepRoutes<NoInfer<M>>;
} & (keyof OwnEffects<M, Shipped> extends never
  ? {
      /** How shipped effects are performed otherwise. */
      readonly effects?: Replacements<Shipped>;
    }
  : {
      /** How the effects are performed that the shipped machine does not have; and any that is to be performed otherwise. */
      readonly effects: OwnEffects<M, Shipped> & Replacements<Shipped>;
    });

type Perform = (params: unknown, scope: object) => unknown;

/** An extension as the engine takes it: its types were checked where it was written. */
export interface UncheckedExtension {
  readonly machine?: AnyStateMachine;
  readonly effects?: Readonly<Record<string, Perform>>;
  readonly routes?: Readonly<Record<string, StepRoute<unknown, { readonly type: string }>>>;
}

/** The parts of the options that extend a login. */
export function extensionOf(options: {
  readonly machine?: unknown;
  readonly effects?: unknown;
  readonly routes?: unknown;
}): UncheckedExtension {
  return options as UncheckedExtension;
}

/**
 * What is wrong with an extension: what a compiler would have said, for those who have none, and the invariants that its
 * machine breaks, each with the shortest way to break it. The shipped machine is proven by the tests of this package.
 */
export function extensionProblems(
  name: string,
  shipped: AnyStateMachine,
  options: UncheckedExtension,
  safety: SafetyOptions,
): readonly string[] {
  const { machine = shipped } = options;
  const problems = shapeProblems(name, shipped, options);
  if (machine === shipped || problems.length > 0) return problems;
  // The proof would go by the rules of the kind that the machine is of.
  if (vocabularyOf(machine) !== vocabularyOf(shipped)) {
    return [
      `${name}.machine: ${machine.id} takes none of the events of ${shipped.id}. Put it together from its states.`,
    ];
  }
  try {
    const report = checkSafety(machine, { thorough: false, ...safety });
    return violationsOf(report).map((violation) => `${name}.machine: ${violation}.`);
  } catch (error) {
    return [`${name}.machine: ${error instanceof Error ? error.message : String(error)}`];
  }
}

function shapeProblems(name: string, shipped: AnyStateMachine, options: UncheckedExtension): string[] {
  const { machine = shipped, effects = {}, routes = {} } = options;
  const known = effectsOf(machine);
  if (known === undefined) return [`${name}: machine: expected a machine of xstate.`];
  const ours = new Set(effectsOf(shipped));
  return [
    ...known
      .filter((effect) => !ours.has(effect) && !Object.hasOwn(effects, effect))
      .map((effect) => `${name}: effects: nobody performs ${effect}, which the machine asks for.`),
    ...Object.keys(effects)
      .filter((effect) => !known.includes(effect))
      .map((effect) => `${name}: effects: the machine has no effect ${effect}.`),
    ...Object.entries(effects)
      .filter(([, perform]) => typeof perform !== 'function')
      .map(([effect]) => `${name}: effects: ${effect} is not a function.`),
    ...Object.entries(routes).flatMap(([route, step]) => [
      ...(/^[A-Za-z0-9-]+$/.test(route) ? [] : [`${name}: routes: expected letters, digits and hyphens: ${route}.`]),
      ...(typeof step?.page === 'function' && typeof step.answer === 'function'
        ? []
        : [`${name}: routes: ${route} needs a page and an answer, both functions.`]),
    ]),
  ];
}

/** Every effect that a machine declares, or asks for without having declared it; see `Effects`. */
function effectsOf(machine: AnyStateMachine): string[] | undefined {
  const { actions } = (machine as Partial<AnyStateMachine>).implementations ?? {};
  if (!actions || typeof machine.root !== 'object') return undefined;
  const declared = Object.keys(actions).filter((name) => !/^(remember|forget)/.test(name));
  return [...new Set([...declared, ...askedEffects(machine)])];
}

/** The performers of a login: the shipped ones, and those of the application, which see no more than they are promised. */
export function performersOf<Shipped extends object>(
  shipped: Shipped,
  own: UncheckedExtension['effects'] = {},
): Shipped {
  const wrapped = Object.entries(own).map(([name, perform]) => {
    const ours = Object.hasOwn(shipped, name) ? (Reflect.get(shipped, name) as Perform) : undefined;
    return [
      name,
      (params: unknown, scope: LoginScope) =>
        perform(params, {
          now: scope.now,
          visit: (route: string) => scope.visit(route),
          ...(ours ? { perform: async (asked: unknown) => ours(asked, scope) } : {}),
        }),
    ];
  });
  return { ...shipped, ...Object.fromEntries(wrapped) };
}
