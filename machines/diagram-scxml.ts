/**
 * A flow as State Chart XML (W3C SCXML 1.0). Effects, descriptions and what auditors look up are elements of a namespace of
 * their own, which the standard lets every reader pass over.
 */
import type { DiagramState, DiagramTransition, FlowDiagram } from './diagram.ts';
import type { StatedAction } from './diagram-reading.ts';
import { escapeMarkup, safeId } from './diagram-words.ts';
import { effectNote, restsIn } from './effects-map.ts';

/** Text of an SCXML document, the same for the same diagram, byte for byte. */
export function flowScxml(diagram: FlowDiagram): string {
  const anywhere = diagram.transitions.filter(({ from }) => from === '');
  const states = statesIn(diagram, null);
  // The root of SCXML can have no transitions and is not parallel: then one state holds everything.
  const root =
    anywhere.length > 0 || diagram.parallel
      ? element(
          diagram.parallel ? 'parallel' : 'state',
          { id: 'wholeFlow', ...(diagram.parallel ? {} : initialOf(diagram)) },
          [...anywhere.map(transition), ...states],
        )
      : states;
  const attributes = {
    xmlns: 'http://www.w3.org/2005/07/scxml',
    'xmlns:sso': 'urn:koa-campus-sso:flow',
    version: '1.0',
    name: diagram.id,
    ...(root === states ? initialOf(diagram) : { initial: 'wholeFlow' }),
    ...(diagram.version === null ? {} : { 'sso:version': diagram.version }),
  };
  const lines = element('scxml', attributes, [describe(diagram.description), root].flat());
  return `<?xml version="1.0" encoding="UTF-8"?>\n${lines.join('\n')}\n`;
}

type Attributes = Readonly<Record<string, string>>;
type Lines = readonly string[];

const initialOf = ({ initial }: { readonly initial: string | null }): Attributes =>
  initial === null ? {} : { initial: idOf(initial) };

function statesIn(diagram: FlowDiagram, parent: string | null): Lines {
  return diagram.states.filter((state) => state.parent === parent).flatMap((state) => oneState(diagram, state));
}

const ELEMENTS = {
  atomic: 'state',
  compound: 'state',
  parallel: 'parallel',
  final: 'final',
  history: 'history',
} as const;

function oneState(diagram: FlowDiagram, state: DiagramState): Lines {
  const { path, name, kind, tags } = state;
  const store = restsIn(tags);
  const attributes = {
    id: idOf(path),
    ...(idOf(path) === name ? {} : { 'sso:name': name }),
    ...initialOf(state),
    'sso:kind': kind,
    ...(tags.length === 0 ? {} : { 'sso:tags': tags.join(' ') }),
    ...(store === null ? {} : { 'sso:store': store }),
  };
  return element(ELEMENTS[state.type], attributes, [
    ...describe(state.description),
    ...state.spec.flatMap((item) => element('sso:spec', { item })),
    ...state.invokes.flatMap((src) => element('invoke', { src })),
    ...block('onentry', state.entry),
    ...block('onexit', state.exit),
    ...diagram.transitions.filter(({ from }) => from === path).flatMap(transition),
    ...statesIn(diagram, path),
  ]);
}

function transition(one: DiagramTransition): string {
  const { event, guard, to, effects, contextChanges, description, threat, outcome } = one;
  const attributes = {
    ...(event === '' ? {} : { event: eventOf(event) }),
    ...(guard === null ? {} : { cond: guard }),
    ...(to.length === 0 ? {} : { target: to.map(idOf).join(' ') }),
    ...(outcome === 'neutral' ? {} : { 'sso:outcome': outcome }),
  };
  return element('transition', attributes, [
    ...describe(description),
    ...(threat === null ? [] : element('sso:threat', { answers: threat })),
    ...[...contextChanges, ...effects].flatMap(action),
  ]).join('\n');
}

function block(name: 'onentry' | 'onexit', actions: readonly StatedAction[]): Lines {
  return actions.length === 0 ? [] : element(name, {}, actions.flatMap(action));
}

function action({ name, kind, params }: StatedAction): Lines {
  const given = params === null ? {} : { params };
  if (kind === 'context') return element('sso:change', { name, ...given });
  const { crosses, stores } = effectNote(name);
  return element('sso:effect', {
    name,
    ...given,
    crosses: crosses.join(' '),
    ...(stores.length === 0 ? {} : { stores: stores.join(' ') }),
  });
}

const describe = (text: string | null): Lines => (text === null ? [] : element('sso:description', { text }));

function element(name: string, attributes: Attributes, children: Lines = []): Lines {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${escapeMarkup(value)}"`);
  const open = `<${name}${written.join('')}`;
  if (children.length === 0) return [`${open}/>`];
  return [`${open}>`, ...children.flatMap((child) => child.split('\n')).map((line) => `  ${line}`), `</${name}>`];
}

/** Plain names stay what they are; others become ids that XML accepts, and keep their name beside it. */
const idOf = (path: string): string =>
  /^[A-Za-z][A-Za-z0-9]*(\.[A-Za-z0-9]+)*$/.test(path) ? path : `s_${safeId(path)}`;

/** A space would make two events of one. */
const eventOf = (event: string): string => (/^[\w.*:-]+$/.test(event) ? event : `e_${safeId(event)}`);
