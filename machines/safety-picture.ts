/** The way to a broken invariant as a picture: a Mermaid state diagram of the states on it, with its events numbered. */
import type { SafetyViolation } from './safety.ts';

/**
 * Draws the path of a violation. Only the states on the way are drawn; each event has its number, and the state in which it
 * happens is framed, named, and explained, so that nothing is told by colour alone.
 */
export function highlight({ begin, path, at, message }: SafetyViolation): string {
  const states = [...new Set([begin, ...path.flatMap(({ from, to }) => [from, to]), at])];
  const idOf = (state: string) => `s${states.indexOf(state) + 1}`;
  return [
    'stateDiagram-v2',
    '  direction LR',
    '  classDef way stroke-width:2px',
    '  classDef harm stroke-width:5px,stroke-dasharray:6 3',
    ...states.map((state) => `  state "${textOf(state)}" as ${idOf(state)}`),
    `  [*] --> ${idOf(begin)}: begin`,
    ...path.map(({ event, from, to }, index) => `  ${idOf(from)} --> ${idOf(to)}: ${index + 1}. ${textOf(event.type)}`),
    `  note right of ${idOf(at)}`,
    `    Not safe: ${textOf(message)}`,
    '  end note',
    ...states.map((state) => `  class ${idOf(state)} ${state === at ? 'harm' : 'way'}`),
    '',
  ].join('\n');
}

/** A text that ends neither a label nor a line of Mermaid. */
function textOf(text: string): string {
  return text.replace(/["#;:<>{}[\]\\]|\s+/g, (found) => (/^\s/.test(found) ? ' ' : `#${found.charCodeAt(0)};`));
}
