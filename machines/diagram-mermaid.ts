/** A flow as a `stateDiagram-v2` of Mermaid, which GitHub and others draw in Markdown. */
import type { DiagramState, FlowDiagram, StateKind, TransitionOutcome } from './diagram.ts';
import { type Arrow, arrowsOf, type Gathering } from './diagram-edges.ts';
import { kindWords, OUTCOME_SIGNS, STATE_KINDS, safeId, staying } from './diagram-words.ts';

/** Lines only: the theme of the page keeps the say on what is light and what is dark. */
const CLASSES: Readonly<Record<StateKind, string>> = {
  'waiting-browser': 'stroke:#8a6100,stroke-width:2px',
  'waiting-caller': 'stroke:#8a6100,stroke-width:2px',
  working: 'stroke:#35578f,stroke-width:1px',
  deciding: 'stroke:#5f5470,stroke-width:1px',
  settled: 'stroke:#1b6e3a,stroke-width:4px',
  pending: 'stroke:#1b6e3a,stroke-width:4px',
  failed: 'stroke:#b3261e,stroke-width:2px,stroke-dasharray:6 4',
  done: 'stroke:#1b6e3a,stroke-width:3px',
  ended: 'stroke:#666666,stroke-width:3px',
  group: 'stroke:#999999',
  plain: 'stroke:#666666',
};

/** Text for Mermaid, the same for the same diagram, byte for byte. Names of any kind are safe. */
export function flowMermaid(diagram: FlowDiagram): string {
  const { arrows, gatherings } = arrowsOf(diagram);
  const lines = [
    'stateDiagram-v2',
    '  direction TB',
    ...STATE_KINDS.filter((kind) => kind !== 'group' && diagram.states.some((state) => state.kind === kind)).map(
      (kind) => `  classDef ${className(kind)} ${CLASSES[kind]}`,
    ),
    ...statesOf(diagram),
    ...(diagram.initial === null ? [] : [`  [*] --> ${stateId(diagram.initial)}`]),
    ...(arrows.some(({ from }) => from === '') ? ['  state "in any state" as in_anywhere'] : []),
    ...arrows.filter((one) => !isInside(diagram, one)).map(arrow),
    ...gatherings.flatMap(gathering),
    ...diagram.states
      .filter(({ kind }) => kind !== 'group')
      .map(({ path, kind }) => `  class ${stateId(path)} ${className(kind)}`),
  ];
  return `${lines.join('\n')}\n`;
}

/** Mermaid draws states that run all at once only inside of another. */
function statesOf(diagram: FlowDiagram): string[] {
  if (!diagram.parallel) return statesIn(diagram, null, '  ');
  return [`  state "${escapeLabel(diagram.id)}" as in_all {`, ...statesIn(diagram, null, '    '), '  }'];
}

function statesIn(diagram: FlowDiagram, parent: string | null, indent: string): string[] {
  const states = diagram.states.filter((state) => state.parent === parent);
  const isParallel =
    parent === null
      ? diagram.parallel
      : diagram.states.some(({ path, type }) => path === parent && type === 'parallel');
  return states.flatMap((state, index) => [
    ...(isParallel && index > 0 ? [`${indent}--`] : []),
    ...oneState(diagram, state, indent),
  ]);
}

function oneState(diagram: FlowDiagram, state: DiagramState, indent: string): string[] {
  const id = stateId(state.path);
  const inner = statesIn(diagram, state.path, `${indent}  `);
  if (inner.length === 0) {
    const final = state.type === 'final' ? [`${indent}${id} --> [*]`] : [];
    const lines = [`${kindWords(state.kind).sign} ${state.name}`, ...staying(diagram, state.path)];
    return [`${indent}state "${lines.map(escapeLabel).join('<br/>')}" as ${id}`, ...final];
  }
  return [
    `${indent}state "${escapeLabel(state.name)}" as ${id} {`,
    ...(state.initial === null ? [] : [`${indent}  [*] --> ${stateId(state.initial)}`]),
    ...inner,
    `${indent}}`,
  ];
}

/** A loop at the side of a state would lie under other states: what stays stands in the state, unless it is a group. */
const isInside = ({ states }: FlowDiagram, { from, to }: Arrow): boolean =>
  to === null && from !== '' && !states.some(({ parent }) => parent === from);

function arrow({ from, to, outcome, labels }: Arrow): string {
  const tail = from === '' ? 'in_anywhere' : stateId(from);
  const lines = labels.map((parts) => signed(outcome, parts));
  return `  ${tail} --> ${to === null ? tail : stateId(to)} : ${lines.join('<br/>')}`;
}

/** Long names are broken: the sign stays with what it is about. */
function signed(outcome: TransitionOutcome, parts: readonly string[]): string {
  const sign = OUTCOME_SIGNS[outcome];
  return escapeLabel(`${sign}${sign && '\u00a0'}${parts.join(' ')}`);
}

function gathering({ id, from, to, outcome, label }: Gathering): string[] {
  const names = from.map(escapeLabel).join('<br/>');
  return [`  state "in each of<br/>${names}" as in_${id}`, `  in_${id} --> ${stateId(to)} : ${signed(outcome, label)}`];
}

/** Words of Mermaid's own grammar cannot be ids, so no id is one: all begin alike or are camelCase names that are none. */
const RESERVED =
  /^(state|note|end|class|classDef|style|click|direction|default|scale|fork|join|choice|hide|as|root|href|acc.*)$/i;

function stateId(path: string): string {
  return /^[A-Za-z][A-Za-z0-9]*$/.test(path) && !RESERVED.test(path) ? path : `s_${safeId(path)}`;
}

const className = (kind: StateKind): string => `is_${kind.replace('-', '_')}`;

/** Mermaid decodes `#58;` after it has read the grammar, so what could mean something to it is written as a number. */
function escapeLabel(text: string): string {
  return text
    .replace(/[\u0000-\u001f]+/g, ' ')
    .replace(/[^\p{L}\p{N} .,()[\]_/'✓✕■◆⚙◷○▣↺\u00a0-]|--+/gu, (signs) =>
      [...signs].map((sign) => `#${sign.codePointAt(0)};`).join(''),
    );
}
