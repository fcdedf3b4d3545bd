import type { AnyStateMachine, ContextFrom } from 'xstate';
import type { CustomLoginEvent } from '../machines/login-vocabulary.ts';

/** A field that people fill in on the page of a state. */
export interface StepField {
  readonly name: string;
  readonly label: string;
  /** Default `text`. */
  readonly type?: 'text' | 'password' | 'one-time-code' | 'email';
}

/** A button on the page of a state, and what it sends along. */
export interface StepChoice {
  readonly label: string;
  /** By name, beside what people fill in. Default: nothing. */
  readonly answer?: Readonly<Record<string, string>>;
}

/** The page of a state: plain text, never markup. */
export interface StepPage {
  readonly title: string;
  readonly paragraphs: readonly string[];
  /** Details to look at, as pairs of a label and a value. */
  readonly facts?: readonly (readonly [label: string, value: string])[];
  /** Filled in by the person, and sent with the first choice. */
  readonly fields?: readonly StepField[];
  /** At least one. The first one is what most people want, unless they are equals. */
  readonly choices: readonly StepChoice[];
  /** No choice is more likely than another. Default: false for one or two, true for more. */
  readonly areEquals?: boolean;
}

/** A page that a state of the application's own waits on, and what its answer means. */
export interface StepRoute<Context, Event> {
  /**
   * The page for a flow.
   * @param isAgain whether the last answer was none
   */
  page(context: Context, isAgain: boolean): StepPage | Promise<StepPage>;
  /**
   * What the answer of the person is for the machine: one of the application's own events, which the state takes; undefined
   * to show the page again. Decides nothing by itself: of several answers that arrive at once one is taken, and an answer
   * that is none is not counted.
   * @param form what was sent, by name: text of a stranger
   */
  answer(form: URLSearchParams, context: Context): Event | undefined | Promise<Event | undefined>;
}

/** What an effect of the application's own works with. */
export interface EffectScope {
  /** The present time in milliseconds since 1970. */
  now(): number;
  /**
   * Leads the browser to the page of a state: one of `routes`, by name. For the entry of a state with the tag
   * `awaiting-browser`. A login that must not ask anything (`tryLogin()`) ends there, and its visitor stays anonymous.
   * @throws SsoError ERR_SSO_FLOW if there is no such route
   */
  visit(route: string): void;
}

/** What an effect works with that stands in for a shipped one. */
export interface ReplacedEffectScope<Params, Told> extends EffectScope {
  /**
   * Does what the shipped effect does, and gives the event that it tells. An effect that leads the browser, opens or ends
   * the session, or shows a page cannot do so without it.
   */
  perform(params: Params): Promise<Told>;
}

/** The pages that states of a machine wait on, by name. */
export type StepRoutes<M extends AnyStateMachine> = Readonly<
  Record<string, StepRoute<ContextFrom<M>, CustomLoginEvent>>
>;
