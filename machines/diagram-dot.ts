/**
 * A flow as Graphviz text. What a state is shows in the shape, the line and a sign, and only after that in the colour.
 */
import type { DiagramState, FlowDiagram, StateKind, TransitionOutcome } from './diagram.ts';
import { type Arrow, arrowsOf, type Gathering } from './diagram-edges.ts';
import { type PictureIds, pictureIds } from './diagram-ids.ts';
import { kindWords, OUTCOME_SIGNS, safeId, staying } from './diagram-words.ts';

export interface DotOptions {
  /** Where a state links to; without it, states are no links. */
  readonly linkTo?: (state: DiagramState) => string;
  /** Which of the layouts below `LAYOUTS` it asks Graphviz for. Default 0. */
  readonly layout?: number;
  /** Whether states, arrows and their names get ids, so that `tracedPicture` finds them again. Default false. */
  readonly ids?: boolean;
}

/** How many layouts there are to choose from: what is best for one flow is not for another. */
export const LAYOUTS = 8;

type Attributes = Readonly<Record<string, string>>;

const SHAPES: Readonly<Record<StateKind, Attributes>> = {
  'waiting-browser': { shape: 'hexagon', style: 'filled', fillcolor: '#fff8e1', color: '#8a6100' },
  'waiting-caller': { shape: 'hexagon', style: 'filled', fillcolor: '#fff8e1', color: '#8a6100' },
  working: { shape: 'box', style: 'filled,rounded', fillcolor: '#eef3fb', color: '#35578f' },
  deciding: { shape: 'diamond', style: 'filled', fillcolor: '#f6f4f9', color: '#5f5470' },
  settled: { shape: 'box', style: 'filled', peripheries: '2', penwidth: '1.8', fillcolor: '#e6f4ea', color: '#1b6e3a' },
  pending: { shape: 'box', style: 'filled,rounded', peripheries: '2', fillcolor: '#e6f4ea', color: '#1b6e3a' },
  failed: { shape: 'octagon', style: 'filled,dashed', penwidth: '1.8', fillcolor: '#fdecea', color: '#b3261e' },
  done: { shape: 'box', style: 'filled', penwidth: '2.4', fillcolor: '#e6f4ea', color: '#1b6e3a' },
  ended: { shape: 'box', style: 'filled', penwidth: '2.4', fillcolor: '#f1f1f1', color: '#444444' },
  group: { shape: 'point', width: '0.14', color: '#444444' },
  plain: { shape: 'box', style: 'filled,rounded', fillcolor: '#ffffff', color: '#444444' },
};

const LINES: Readonly<Record<TransitionOutcome, Attributes>> = {
  success: { style: 'bold', color: '#1b6e3a', arrowhead: 'normal' },
  failure: { style: 'dashed', color: '#b3261e', arrowhead: 'vee' },
  neutral: { style: 'solid', color: '#555555', arrowhead: 'normal' },
};

/** Text for Graphviz (`dot -Tsvg`), the same for the same diagram, byte for byte. */
export function flowDot(diagram: FlowDiagram, options: DotOptions = {}): string {
  const { layout = 0 } = options;
  const all = arrowsOf(diagram);
  const { gatherings } = all;
  const numbered = all.arrows.map((one, index) => ({ one, index }));
  const arrows = layout & 4 ? numbered.reverse() : numbered;
  const marks = marksOf(diagram, options);
  const fromAnywhere = all.arrows.some(({ from }) => from === '');
  const lines = [
    `digraph ${quote(diagram.id)} {`,
    '  graph [rankdir=TB, compound=true, splines=true, nodesep=0.16, ranksep=0.34, margin=0, bgcolor="transparent", fontname="Helvetica,Arial,sans-serif", fontsize=13.5];',
    ...(layout & 1 ? ['  graph [ordering=out];'] : []),
    '  node [fontname="Helvetica,Arial,sans-serif", fontsize=13.5, margin="0.18,0.06", height=0.3];',
    '  edge [fontname="Helvetica,Arial,sans-serif", fontsize=13.5, arrowsize=0.8];',
    ...start(diagram, marks),
    ...statesIn(diagram, null, { ...options, marks }, '  '),
    ...(fromAnywhere
      ? [`  ${statement('anywhere', { ...NOTE, label: 'in any state', ...marks.id((ids) => ids.note()) })}`]
      : []),
    ...gatherings.flatMap((one, index) => gathering(diagram, one, index, all.arrows.length + index, marks)),
    ...arrows.flatMap(({ one, index }) =>
      one.to === null && one.from !== '' ? [] : [arrow(diagram, one, index, marks)],
    ),
    '}',
  ];
  return `${lines.join('\n')}\n`;
}

/** What pictures with ids have more: without them, a picture is what it always was. */
interface Marks {
  id(choose: (ids: PictureIds) => string): Attributes;
  /** A line that stays one line, so that lines can be counted. */
  line(text: string): string;
}

function marksOf(diagram: FlowDiagram, { ids = false }: DotOptions): Marks {
  const all = pictureIds(diagram);
  return ids
    ? { id: (choose) => ({ id: choose(all) }), line: (text) => text.replace(/[\n\u2028]+/g, ' ') }
    : { id: () => ({}), line: (text) => text };
}

type StateOptions = DotOptions & { readonly marks: Marks };

const NOTE: Attributes = { shape: 'note', class: 'gathered', color: '#777777' };
const START: Attributes = {
  shape: 'circle',
  class: 'start',
  style: 'filled',
  fillcolor: '#333333',
  label: '',
  width: '0.18',
  height: '0.18',
  fixedsize: 'true',
};

function start({ initial }: FlowDiagram, { id }: Marks): string[] {
  if (initial === null) return [];
  return [
    `  ${statement('start', { ...START, ...id((ids) => ids.start()) })}`,
    `  start -> ${nodeId(initial)} ${list({ ...FIRST, ...id((ids) => ids.startArrow()) })};`,
  ];
}

const FIRST: Attributes = { class: 'neutral', color: '#555555' };

function statesIn(diagram: FlowDiagram, parent: string | null, options: StateOptions, indent: string): string[] {
  const states = diagram.states.filter((state) => state.parent === parent);
  return ((options.layout ?? 0) & 2 ? states.reverse() : states).flatMap((state) =>
    hasStates(diagram, state.path)
      ? group(diagram, state, options, indent)
      : [`${indent}${node(diagram, state, options)}`],
  );
}

function group(diagram: FlowDiagram, state: DiagramState, options: StateOptions, indent: string): string[] {
  const name = `${state.name}${state.type === 'parallel' ? ' (all at once)' : ''}`;
  const { id, line } = options.marks;
  const label = [name, ...staying(diagram, state.path).map(line)].join('\n');
  const own = id((ids) => ids.state(state.path));
  const inner = `${indent}  `;
  return [
    `${indent}subgraph ${clusterId(state.path)} {`,
    `${inner}graph [label=${quote(label)}, class="group", style="rounded", color="#999999", margin=12, tooltip=${quote(state.description ?? state.name)}${own.id === undefined ? '' : `, id=${quote(own.id)}`}];`,
    `${inner}${statement(nodeId(state.path), { ...SHAPES.group, class: 'start', label: '', tooltip: state.name, ...id((ids) => ids.start(state.path)) })}`,
    ...(state.initial === null
      ? []
      : [
          `${inner}${nodeId(state.path)} -> ${nodeId(state.initial)} ${list({ ...FIRST, ...id((ids) => ids.startArrow(state.path)) })};`,
        ]),
    ...statesIn(diagram, state.path, options, inner),
    `${indent}}`,
  ];
}

function node(diagram: FlowDiagram, state: DiagramState, { linkTo, marks }: StateOptions): string {
  const { sign, words } = kindWords(state.kind);
  const effects = state.entry.filter(({ kind }) => kind === 'effect').map(({ name }) => `▸ ${name}`);
  return statement(nodeId(state.path), {
    ...SHAPES[state.kind],
    class: state.kind,
    // Names are bold on the page, and Graphviz does not know how wide that makes them.
    label: [
      `\u00a0${state.name}\u00a0`,
      `${sign} ${words}`,
      ...effects,
      ...staying(diagram, state.path).map(marks.line),
    ].join('\n'),
    tooltip: state.description ?? state.name,
    ...(linkTo ? { URL: linkTo(state), target: '_self' } : {}),
    ...marks.id((ids) => ids.state(state.path)),
  });
}

function arrow(diagram: FlowDiagram, { from, to, outcome, labels }: Arrow, index: number, { id, line }: Marks): string {
  const tail = from === '' ? 'anywhere' : nodeId(from);
  const head = to === null ? tail : nodeId(to);
  const lines = labels.flatMap(([event, ...when]) => [`${OUTCOME_SIGNS[outcome]} ${event}`.trim(), ...when]);
  const attributes: Attributes = {
    ...LINES[outcome],
    class: outcome,
    label: leftAligned(lines.map(line)),
    ...(hasStates(diagram, from) && from !== '' ? { ltail: clusterName(from) } : {}),
    ...(to !== null && hasStates(diagram, to) ? { lhead: clusterName(to) } : {}),
    ...(outcome === 'success' ? { weight: '3' } : {}),
    // A success stands below the failures: their many arrows have the room beside its own.
    ...(diagram.states.some(({ path, kind }) => path === to && kind === 'done') ? { minlen: '2' } : {}),
    ...id((ids) => ids.arrow(index)),
  };
  return `  ${tail} -> ${head} ${list(attributes)};`;
}

function gathering(
  diagram: FlowDiagram,
  { id, from, to, outcome, label }: Gathering,
  index: number,
  arrowIndex: number,
  marks: Marks,
): string[] {
  const [event, ...when] = label;
  const attributes = {
    ...LINES[outcome],
    class: outcome,
    label: leftAligned([`${OUTCOME_SIGNS[outcome]} ${event}`.trim(), ...when].map(marks.line)),
    ...(hasStates(diagram, to) ? { lhead: clusterName(to) } : {}),
    ...marks.id((ids) => ids.arrow(arrowIndex)),
  };
  return [
    `  ${statement(id, { ...NOTE, label: leftAligned(['in each of', ...inPairs(from)]), ...marks.id((ids) => ids.note(index)) })}`,
    `  ${id} -> ${nodeId(to)} ${list(attributes)};`,
  ];
}

const inPairs = (names: readonly string[]): readonly string[] =>
  names.flatMap((name, index) => (index % 2 === 0 ? [[name, ...names.slice(index + 1, index + 2)].join(', ')] : []));

/** Lines that begin at the same place; the last sign is an escape of Graphviz that `quote` leaves alone. */
const leftAligned = (lines: readonly string[]): string =>
  lines.map((line) => `\u00a0\u00a0${line}\u00a0\u2028`).join('');

const hasStates = ({ states }: FlowDiagram, path: string): boolean => states.some(({ parent }) => parent === path);
const nodeId = (path: string): string => `state_${safeId(path)}`;
const clusterName = (path: string): string => `cluster_${safeId(path)}`;
const clusterId = clusterName;

const statement = (id: string, attributes: Attributes): string => `${id} ${list(attributes)};`;

function list(attributes: Attributes): string {
  return `[${Object.entries(attributes)
    .map(([name, value]) => `${name}=${quote(value)}`)
    .join(', ')}]`;
}

/** In quotes a backslash would begin an escape of Graphviz, and `&` an entity. Ends of lines stay ends of lines. */
function quote(text: string): string {
  const plain = text
    .replace(/[\u0000-\u0009\u000b-\u001f\u007f]+/g, ' ')
    .replace(/\\/g, '\\\\')
    .replace(/"/g, '\\"');
  return `"${plain
    .replace(/&/g, '&amp;')
    .replace(/\n/g, '\\n')
    .replace(/\u2028/g, '\\l')}"`;
}
