/** The badges of a traced picture: filled pills with the numbers of steps, and the sign of what the attempt came to. */
import { labelKey } from './diagram-ids.ts';
import type { TracedStep } from './diagram-steps.ts';
import type { Trace } from './diagram-trace.ts';

/** More numbers than this are told by the first two and the last. */
const MOST_NUMBERS = 4;

/** What an attempt can come to, in signs. */
export const CAME_TO: Readonly<Record<TracedStep['outcome'], string>> = {
  success: '✓',
  failure: '✕',
  ended: '■',
  waiting: '◷',
  progress: '…',
};

interface Spot {
  readonly x: number;
  readonly y: number;
}

/** SVG for each badge, in the order of the picture. */
export function badgesOf(svg: string, { arrows, labels, here, outcome }: Trace): readonly string[] {
  const parts = svg.split(/(?=<g id="|<g class="labels">)/);
  const seen = new Set<string>();
  return parts.flatMap((part) => {
    const [, id = ''] = /^<g id="([^"]*)"/.exec(part) ?? [];
    const ofArrow = arrows.get(id);
    const middle = ofArrow && middleOf(part);
    const corner = here.has(id) ? cornerOf(part) : undefined;
    return [
      ...(ofArrow && middle ? [badge(numbersText(ofArrow), middle, stepWords(ofArrow))] : []),
      ...[...part.matchAll(LABELS)].flatMap((text) => {
        const { of = '', label = '' } = text.groups ?? {};
        const key = labelKey(of, label);
        const numbers = labels.get(key);
        // A name of two lines has one badge.
        if (!numbers || seen.has(key)) return [];
        seen.add(key);
        const words = numbersText(numbers);
        return [badge(words, besideName(text.groups ?? {}, widthOf(words)), stepWords(numbers))];
      }),
      ...(corner ? [badge(CAME_TO[outcome], corner, outcome, outcome)] : []),
    ];
  });
}

const LABELS =
  /<text (?:class="[^"]*" )?data-of="(?<of>[^"]*)" data-label="(?<label>\d+)"[^>]*text-anchor="(?<anchor>\w+)" x="(?<x>[-\d.]+)" y="(?<y>[-\d.]+)"[^>]*>(?<name>[^<]*)</g;

/** Left of a name, where its arrow runs; names inside of a state are centred. */
function besideName({ anchor, x, y, name = '' }: Readonly<Record<string, string>>, width: number): Spot {
  const half = anchor === 'middle' ? ([...name.replace(/&[^;]*;/g, '_')].length * LETTER) / 2 + 2 : -GAP;
  return { x: Number(x) - half - width / 2, y: Number(y) - 4.3 };
}

/** Names of arrows begin with spaces that are free. */
const GAP = 5;
const LETTER = 6.3;

function numbersText(numbers: readonly number[]): string {
  const shown = numbers.length > MOST_NUMBERS ? [...numbers.slice(0, 2), '…', numbers.at(-1)] : numbers;
  return shown.join(' · ');
}

const stepWords = (numbers: readonly number[]): string => `step ${numbers.join(', ')}`;

const widthOf = (text: string): number =>
  Math.max(HEIGHT, 9 + [...text].reduce((width, sign) => width + (sign === ' ' ? 3.6 : sign === '…' ? 11 : 7.4), 0));

const HEIGHT = 17;

function badge(text: string, { x, y }: Spot, words: string, kind?: string): string {
  const width = widthOf(text);
  const box = `x="${tenths(x - width / 2)}" y="${tenths(y - HEIGHT / 2)}" width="${tenths(width)}" height="${HEIGHT}" rx="${HEIGHT / 2}"`;
  return `<g class="badge${kind === undefined ? '' : ` ${kind}`}" role="img" aria-label="${words}"><rect ${box}/><text text-anchor="middle" x="${tenths(x)}" y="${tenths(y + 4.3)}">${text}</text></g>\n`;
}

const tenths = (length: number): string => String(Math.round(length * 10) / 10);

/** The middle of the curve of an arrow; beside it, where it is so short that the badge would hide it. */
function middleOf(part: string): Spot | undefined {
  const points = pointsOf(/ d="([^"]*)"/.exec(part)?.[1]);
  if (points.length < 4) return undefined;
  const curves = Math.floor((points.length - 1) / 3);
  const first = 3 * Math.floor(curves / 2);
  const t = curves % 2 === 0 ? 0 : 0.5;
  const [a, b, c, d] = points.slice(first, first + 4);
  if (!a || !b || !c || !d) return undefined;
  const u = 1 - t;
  const at = (i: 'x' | 'y') => u ** 3 * a[i] + 3 * u * u * t * b[i] + 3 * u * t * t * c[i] + t ** 3 * d[i];
  const [start, end] = [points[0]!, points.at(-1)!];
  const beside = Math.hypot(end.x - start.x, end.y - start.y) < 2 * HEIGHT ? HEIGHT : 0;
  return { x: at('x') - beside, y: at('y') };
}

/** The corner of a state at the upper right. */
function cornerOf(part: string): Spot | undefined {
  const points = pointsOf(/ (?:d|points)="([^"]*)"/.exec(part)?.[1]);
  return [...points].sort((one, other) => other.x - other.y - (one.x - one.y))[0];
}

function pointsOf(path = ''): readonly Spot[] {
  return [...path.matchAll(/(-?[\d.]+),(-?[\d.]+)/g)].map(([, x, y]) => ({ x: Number(x), y: Number(y) }));
}
