/** What the document and the page say about one flow, as tables that are neither Markdown nor HTML yet. */
import type { DiagramState, DiagramTransition, FlowDiagram } from './diagram.ts';
import type { StatedAction } from './diagram-reading.ts';
import { actionWords, eventWords, kindWords, OUTCOME_SIGNS, safeId } from './diagram-words.ts';
import { effectNote, restsIn } from './effects-map.ts';

/** One line of a cell. */
export interface CellLine {
  readonly text: string;
  /** A name of the machine, in another type. */
  readonly isName?: boolean;
  /** The anchor that it leads to. */
  readonly to?: string;
}

export interface TableRow {
  readonly anchor: string | null;
  readonly cells: readonly (readonly CellLine[])[];
}

export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly TableRow[];
}

/** Where a state is described: its row in the table of its flow. */
export function stateAnchor({ id }: Pick<FlowDiagram, 'id'>, path: string): string {
  return `${safeId(id)}--${safeId(path)}`;
}

export const flowAnchor = ({ id }: Pick<FlowDiagram, 'id'>): string => `flow-${safeId(id)}`;

export const plain = (text: string): CellLine => ({ text });
export const named = (text: string): CellLine => ({ text, isName: true });

/** A state, as a link to where it is described. */
export const stateLine = (diagram: Pick<FlowDiagram, 'id'>, path: string): CellLine =>
  path === '' ? plain('any state') : { ...named(path), to: stateAnchor(diagram, path) };

export function stateTable(diagram: FlowDiagram): Table {
  return {
    title: 'States',
    columns: ['State', 'What it means', 'Sections and items', 'Asks for', 'Rests in'],
    rows: diagram.states.map((state) => ({
      anchor: stateAnchor(diagram, state.path),
      cells: [stateCell(diagram, state), meaning(state.description), state.spec.map(plain), asks(state), rests(state)],
    })),
  };
}

function stateCell(diagram: FlowDiagram, { path, kind, type }: DiagramState): readonly CellLine[] {
  const { sign, words } = kindWords(kind);
  const begins = path === diagram.initial ? [plain('begins here')] : [];
  const ends = type === 'final' && kind !== 'ended' && kind !== 'done' ? [plain('the end')] : [];
  return [named(path), plain(`${sign} ${words}`), ...begins, ...ends];
}

function asks({ entry, exit, invokes }: DiagramState): readonly CellLine[] {
  return [
    ...entry.flatMap((action) => actionLines(action)),
    ...exit.map((action) => plain(`at the end: ${actionWords(action)}`)),
    ...invokes.map((name) => plain(`runs ${name}`)),
  ];
}

function rests({ tags }: DiagramState): readonly CellLine[] {
  const store = restsIn(tags);
  return store === null ? [] : [named(store)];
}

export function transitionTable(diagram: FlowDiagram): Table {
  return {
    title: 'Transitions',
    columns: ['From', 'Event, and when', 'To', 'What it means', 'Does', 'Threat it answers'],
    rows: diagram.transitions.map((transition) => ({
      anchor: null,
      cells: [
        [stateLine(diagram, transition.from)],
        eventCell(transition),
        targetCell(diagram, transition),
        meaning(transition.description),
        [...transition.contextChanges, ...transition.effects].flatMap(actionLines),
        [...meaning(transition.threat), ...transition.spec.map(plain)],
      ],
    })),
  };
}

function eventCell({ event, guard }: DiagramTransition): readonly CellLine[] {
  const name = event === '' ? plain('at once') : named(eventWords(event));
  return guard === null ? [name] : [name, plain(`when ${guard}`)];
}

function targetCell(diagram: FlowDiagram, { to, outcome, reenter }: DiagramTransition): readonly CellLine[] {
  if (to.length === 0) return [plain('stays')];
  const words = outcome === 'neutral' ? [] : [plain(`${OUTCOME_SIGNS[outcome]} ${outcome}`)];
  return [...to.map((path) => stateLine(diagram, path)), ...words, ...(reenter ? [plain('entered again')] : [])];
}

function actionLines(action: StatedAction): readonly CellLine[] {
  if (action.kind === 'context') return [plain(changeWords(action))];
  const { crosses, stores } = effectNote(action.name);
  const lands = [...crosses.filter((actor) => actor !== 'store' || stores.length === 0), ...stores];
  return [named(actionWords(action)), plain(`→ ${lands.join(', ')}`)];
}

function changeWords(action: StatedAction): string {
  return action.name.startsWith('context') ? `sets ${action.name}` : actionWords(action);
}

const meaning = (text: string | null): readonly CellLine[] => (text === null ? [] : [plain(text)]);
