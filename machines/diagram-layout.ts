/** What is wrong with a layout, measured: so that the best of several can be taken, and a test can refuse a bad one. */

/** As much of Graphviz's `-Tjson` as is needed. */
export interface GraphvizLayout {
  readonly bb: string;
  readonly objects?: readonly GraphvizObject[];
  readonly edges?: readonly GraphvizEdge[];
}

interface GraphvizObject {
  readonly _gvid: number;
  readonly pos?: string;
  /** In inches, as text. */
  readonly width?: string;
  readonly height?: string;
}

interface GraphvizEdge {
  readonly tail: number;
  readonly head: number;
  readonly pos?: string;
  readonly _ldraw_?: readonly DrawnText[];
}

interface DrawnText {
  readonly op: string;
  readonly size?: number;
  readonly pt?: readonly number[];
  readonly align?: string;
  readonly width?: number;
}

interface Box {
  readonly left: number;
  readonly right: number;
  readonly bottom: number;
  readonly top: number;
}

type Point = readonly [x: number, y: number];

/** An arrow as short straight pieces. */
interface Line {
  readonly points: readonly Point[];
  readonly pieces: readonly { readonly from: Point; readonly to: Point; readonly around: Box }[];
  readonly around: Box;
}

export interface LayoutFaults {
  /** Names of arrows that lie on another, or on a state. Never acceptable. */
  readonly overlaps: number;
  /** Arrows that go through a state that is not theirs. */
  readonly linesOnStates: number;
  /** Arrows that go through the name of another. */
  readonly linesOnLabels: number;
  readonly crossings: number;
  /** In points, which are pixels of the picture. */
  readonly width: number;
  readonly height: number;
}

/** Measures a layout that Graphviz gives as JSON. */
export function layoutFaults(layout: GraphvizLayout): LayoutFaults {
  const nodes = (layout.objects ?? []).flatMap((object) => nodeBox(object));
  const edges = (layout.edges ?? []).map((edge) => ({
    ...edge,
    line: lineOf(sample(edge.pos ?? '')),
    label: labelBox(edge),
  }));
  const faults = { overlaps: 0, linesOnStates: 0, linesOnLabels: 0, crossings: 0 };
  edges.forEach((edge, index) => {
    const { label, line } = edge;
    if (label) {
      faults.overlaps += nodes.filter(({ box }) => intersect(label, box)).length;
      faults.overlaps += edges.slice(index + 1).filter((other) => other.label && intersect(label, other.label)).length;
    }
    for (const { id, box } of nodes) {
      if (id !== edge.tail && id !== edge.head && line.points.some((point) => isInside(point, box)))
        faults.linesOnStates += 1;
    }
    for (const other of edges) {
      const box = other.label;
      if (other !== edge && box && line.points.some((point) => isInside(point, box))) faults.linesOnLabels += 1;
    }
    for (const other of edges.slice(index + 1)) faults.crossings += crossings(line, other.line);
  });
  const [, , width = 0, height = 0] = layout.bb.split(',').map(Number);
  return { ...faults, width, height };
}

/** The width of a page that a picture is read on, in pixels: wider ones shrink, and their letters with them. */
export const PAGE_WIDTH = 1000;

/** One number for all faults; less is better. */
export function layoutCost({ overlaps, linesOnStates, linesOnLabels, crossings, width, height }: LayoutFaults): number {
  const tooWide = Math.max(0, width - PAGE_WIDTH);
  return overlaps * 1000 + linesOnStates * 60 + linesOnLabels * 15 + crossings * 8 + tooWide + height / 50;
}

function nodeBox({ _gvid, pos, width, height }: GraphvizObject): readonly { readonly id: number; readonly box: Box }[] {
  if (pos === undefined || width === undefined || height === undefined) return [];
  const [x = 0, y = 0] = pos.split(',').map(Number);
  const [halfWidth, halfHeight] = [Number(width) * 36, Number(height) * 36];
  return [
    { id: _gvid, box: { left: x - halfWidth, right: x + halfWidth, bottom: y - halfHeight, top: y + halfHeight } },
  ];
}

/** Around the letters of a label; the empty space on both sides of a line counts, for it keeps lines away. */
function labelBox({ _ldraw_ = [] }: GraphvizEdge): Box | undefined {
  let size = 0;
  const boxes = _ldraw_.flatMap((one): Box[] => {
    if (one.op === 'F') size = one.size ?? size;
    if (one.op !== 'T' || !one.pt) return [];
    const [x = 0, y = 0] = one.pt;
    const width = one.width ?? 0;
    const left = one.align === 'c' ? x - width / 2 : one.align === 'r' ? x - width : x;
    return [{ left, right: left + width, bottom: y - size * 0.2, top: y + size * 0.75 }];
  });
  if (boxes.length === 0) return undefined;
  return {
    left: Math.min(...boxes.map(({ left }) => left)),
    right: Math.max(...boxes.map(({ right }) => right)),
    bottom: Math.min(...boxes.map(({ bottom }) => bottom)),
    top: Math.max(...boxes.map(({ top }) => top)),
  };
}

/** Points along the curve of an arrow: `e,x,y` is its head, and the rest are the points of Bézier curves. */
function sample(pos: string): readonly Point[] {
  const points = pos
    .split(' ')
    .filter((part) => part !== '' && !/^[es]/.test(part))
    .map((part): Point => {
      const [x = 0, y = 0] = part.split(',').map(Number);
      return [x, y];
    });
  const line: Point[] = points.slice(0, 1);
  for (let index = 0; index + 3 < points.length; index += 3) {
    const [a, b, c, d] = points.slice(index, index + 4) as [Point, Point, Point, Point];
    for (let step = 1; step <= STEPS; step += 1) line.push(onCurve(a, b, c, d, step / STEPS));
  }
  return line;
}

const STEPS = 10;

function onCurve(a: Point, b: Point, c: Point, d: Point, t: number): Point {
  const u = 1 - t;
  const at = (i: 0 | 1) => u ** 3 * a[i] + 3 * u * u * t * b[i] + 3 * u * t * t * c[i] + t ** 3 * d[i];
  return [at(0), at(1)];
}

/** Boxes first: most arrows, and most pieces of those that come near each other, cannot cross. */
function crossings(one: Line, other: Line): number {
  if (!touch(one.around, other.around)) return 0;
  const near = other.pieces.filter(({ around }) => touch(one.around, around));
  let count = 0;
  for (const piece of one.pieces) {
    for (const { from, to, around } of near) {
      if (touch(piece.around, around) && cross(piece.from, piece.to, from, to)) count += 1;
    }
  }
  return count;
}

function lineOf(points: readonly Point[]): Line {
  const pieces = points.slice(1).map((to, index) => {
    const from = points[index]!;
    return { from, to, around: around([from, to]) };
  });
  return { points, pieces, around: around(points) };
}

function around(points: readonly Point[]): Box {
  const box = { left: Infinity, right: -Infinity, bottom: Infinity, top: -Infinity };
  for (const [x, y] of points) {
    box.left = Math.min(box.left, x);
    box.right = Math.max(box.right, x);
    box.bottom = Math.min(box.bottom, y);
    box.top = Math.max(box.top, y);
  }
  return box;
}

const touch = (a: Box, b: Box): boolean =>
  a.left <= b.right && b.left <= a.right && a.bottom <= b.top && b.bottom <= a.top;

function cross(a: Point, b: Point, c: Point, d: Point): boolean {
  const side = (p: Point, q: Point, r: Point) => (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]);
  return side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0;
}

const intersect = (a: Box, b: Box): boolean =>
  a.left < b.right && b.left < a.right && a.bottom < b.top && b.bottom < a.top;

/** A line that only touches the edge is not in the way. */
const isInside = ([x, y]: Point, box: Box): boolean =>
  x > box.left + 3 && x < box.right - 3 && y > box.bottom + 1 && y < box.top - 1;
