/** The words, signs and ids that all pictures and tables of a flow share. */
import type { DiagramTransition, FlowDiagram, StateKind, TransitionOutcome } from './diagram.ts';
import type { StatedAction } from './diagram-reading.ts';

interface KindWords {
  /** Says it without colour. */
  readonly sign: string;
  readonly words: string;
}

const KINDS: Readonly<Record<StateKind, KindWords>> = {
  'waiting-browser': { sign: '◷', words: 'waits for the browser' },
  'waiting-caller': { sign: '◷', words: 'waits for the call' },
  working: { sign: '⚙', words: 'at work' },
  deciding: { sign: '◆', words: 'decides' },
  settled: { sign: '✓', words: 'the login holds' },
  pending: { sign: '✓', words: 'holds; a request waits' },
  failed: { sign: '✕', words: 'failed' },
  done: { sign: '✓', words: 'done' },
  ended: { sign: '■', words: 'over' },
  group: { sign: '▣', words: 'a group of states' },
  plain: { sign: '○', words: 'a state' },
};

export const kindWords = (kind: StateKind): KindWords => KINDS[kind];

/** All kinds, for a legend. */
export const STATE_KINDS = Object.keys(KINDS) as readonly StateKind[];

export const OUTCOME_SIGNS: Readonly<Record<TransitionOutcome, string>> = { success: '✓', failure: '✕', neutral: '' };

/** An event as people read it: events of the engine are translated, all others stay as they are. */
export function eventWords(event: string): string {
  if (event === '') return 'always';
  const after = /^xstate\.after\.([^.]+)\./.exec(event);
  if (after) return /^\d+$/.test(after[1]!) ? `after ${after[1]} ms` : `after ${after[1]}`;
  const done = /^xstate\.(done|error)\.(actor|state)\.(.+)$/.exec(event);
  if (done) return `${done[1]}: ${done[3]}`;
  return event;
}

/** A transition in a picture: the event and the guard, nothing else. */
export function shortLabel({ event, guard }: Pick<DiagramTransition, 'event' | 'guard'>): readonly string[] {
  const when = guard === null ? [] : [`[${guard}]`];
  if (event === '') return when.length > 0 ? when : ['otherwise'];
  return [eventWords(event), ...when];
}

/** What happens without leaving the state stands in it: a loop at its side would be in the way of other arrows. */
export function staying({ transitions }: Pick<FlowDiagram, 'transitions'>, path: string): readonly string[] {
  return transitions
    .filter(({ from, to }) => from === path && to.length === 0)
    .map((transition) => `↺ ${shortLabel(transition).join(' ')}`);
}

/** An action in a table. */
export function actionWords({ name, params }: StatedAction): string {
  return params === null ? name : `${name} (${params})`;
}

/** A name as an id for any format: letters and digits stay, everything else becomes its number. No two names share one. */
export function safeId(name: string): string {
  return name.replace(/[^A-Za-z0-9]/gu, (sign) => `_${sign.codePointAt(0)!.toString(16)}_`);
}

/** Text inside XML or HTML, in an attribute or not. What XML 1.0 cannot carry becomes a replacement character. */
export function escapeMarkup(text: string): string {
  return text
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/gu, '\ufffd')
    .replace(/[&<>"'\n\r\t]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
