/** What auditors look up across flows: from an item of ASVS to states, from a threat to transitions, from a store to effects. */
import type { FlowDiagram } from './diagram.ts';
import { eventWords } from './diagram-words.ts';
import { type Actor, effectNote, effectsOf, restsIn } from './effects-map.ts';
import { type CellLine, named, plain, stateLine, type Table, type TableRow } from './flow-tables.ts';

/** All indexes, in the order in which they are read. */
export function indexTables(diagrams: readonly FlowDiagram[]): readonly Table[] {
  const sections = bySection(diagrams);
  const isAsvs = ([item]: Entry) => item.startsWith('ASVS ');
  return [
    table(
      'Trust boundaries',
      ['Effect', 'Crosses the boundary to', 'Records', 'What it does', 'In'],
      boundaries(diagrams),
    ),
    table('Data stores', ['Record', 'Used by the effects', 'Flows that rest in it'], stores(diagrams)),
    table('OWASP ASVS 5.0', ['Item', 'States'], rowsOf(sections.filter(isAsvs))),
    table('Sections of protocols', ['Section', 'States'], rowsOf(sections.filter((entry) => !isAsvs(entry)))),
    table('Threats', ['Threat', 'Answered by'], rowsOf(threats(diagrams), false)),
    table('Events', ['Event', 'Heard in'], rowsOf(events(diagrams))),
  ].filter(({ rows }) => rows.length > 0);
}

type Entry = readonly [key: string, lines: readonly CellLine[]];

const table = (title: string, columns: readonly string[], rows: readonly TableRow[]): Table => ({
  title,
  columns,
  rows,
});
const row = (...cells: readonly (readonly CellLine[])[]): TableRow => ({ anchor: null, cells });

const ACTORS: Readonly<Record<Actor, string>> = {
  browser: 'the browser',
  'login-server': 'the login server',
  application: 'the application',
  store: 'the store',
};

function boundaries(diagrams: readonly FlowDiagram[]): readonly TableRow[] {
  return [...new Set(diagrams.flatMap(effectsOf))].map((name) => {
    const { crosses, stores: kinds, sentence } = effectNote(name);
    const flows = diagrams.filter((diagram) => effectsOf(diagram).includes(name)).map(({ id }) => named(id));
    return row(
      [named(name)],
      crosses.map((actor) => plain(ACTORS[actor])),
      kinds.map(named),
      [plain(sentence)],
      flows,
    );
  });
}

function stores(diagrams: readonly FlowDiagram[]): readonly TableRow[] {
  const users = collect(
    [...new Set(diagrams.flatMap(effectsOf))].flatMap((name) =>
      effectNote(name).stores.map((kind) => [kind, named(name)]),
    ),
  );
  const resting = collect(
    diagrams.flatMap((diagram) =>
      diagram.states.flatMap(({ path, tags }) => {
        const kind = restsIn(tags);
        return kind === null ? [] : [[kind, flowState(diagram, path)] as const];
      }),
    ),
  );
  const kinds = [...new Set([...resting.map(([kind]) => kind), ...users.map(([kind]) => kind)])];
  const of = (entries: readonly Entry[], kind: string) => entries.find(([key]) => key === kind)?.[1] ?? [];
  return kinds.map((kind) => row([named(kind)], of(users, kind), of(resting, kind)));
}

function bySection(diagrams: readonly FlowDiagram[]): readonly Entry[] {
  const found = diagrams.flatMap((diagram) => [
    ...diagram.states.flatMap(({ path, spec }) => spec.map((item) => [item, flowState(diagram, path)] as const)),
    ...diagram.transitions.flatMap(({ from, spec }) => spec.map((item) => [item, flowState(diagram, from)] as const)),
  ]);
  return [...collect(found)].sort(([a], [b]) => compareSections(a, b));
}

function threats(diagrams: readonly FlowDiagram[]): readonly Entry[] {
  return collect(
    diagrams.flatMap((diagram) =>
      diagram.transitions.flatMap(({ from, event, guard, threat }) => {
        const { text, to } = flowState(diagram, from);
        const when = `${eventWords(event)}${guard === null ? '' : ` [${guard}]`}`;
        return threat === null
          ? []
          : [[threat, { text: `${text}: ${when}`, isName: true, ...(to ? { to } : {}) }] as const];
      }),
    ),
  );
}

function events(diagrams: readonly FlowDiagram[]): readonly Entry[] {
  const found = diagrams.flatMap((diagram) =>
    diagram.transitions
      .filter(({ event }) => event !== '')
      .map(({ from, event }) => [eventWords(event), flowState(diagram, from)] as const),
  );
  return [...collect(found)].sort(([a], [b]) => compare(a, b));
}

const flowState = (diagram: FlowDiagram, path: string): CellLine => {
  const line = stateLine(diagram, path);
  return { ...line, text: `${diagram.id} ${line.text}`, isName: true };
};

const rowsOf = (entries: readonly Entry[], keyIsName = true): readonly TableRow[] =>
  entries.map(([key, lines]) => row([keyIsName ? named(key) : plain(key)], lines));

/** Everything that has the same key, each line once. */
function collect(pairs: readonly (readonly [string, CellLine])[]): readonly Entry[] {
  const found = new Map<string, CellLine[]>();
  for (const [key, line] of pairs) {
    const lines = found.get(key) ?? [];
    if (!lines.some(({ text }) => text === line.text)) lines.push(line);
    found.set(key, lines);
  }
  return [...found];
}

/** By number where there are numbers: 2.5.1 before 2.10. Not by the language of this machine. */
function compareSections(a: string, b: string): number {
  const parts = (text: string): readonly string[] => text.match(/\d+|\D+/g) ?? [];
  const [left, right] = [parts(a), parts(b)];
  for (let index = 0; index < Math.min(left.length, right.length); index += 1) {
    const [x, y] = [left[index]!, right[index]!];
    if (x !== y) return /^\d/.test(x) && /^\d/.test(y) ? Number(x) - Number(y) : compare(x, y);
  }
  return left.length - right.length;
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
