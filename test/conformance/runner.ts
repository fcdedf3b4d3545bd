import { readFile } from 'node:fs/promises';
import type { Comparison, Kinds, Vector } from './kind.ts';
import { later, loadKinds } from './registry.ts';
import { isUcamFile, ucamVectors } from './ucam-file.ts';

/** A vector that we leave on purpose. */
export interface Deviation {
  readonly id: string;
  readonly reason: string;
}

export interface Failure {
  readonly id: string;
  readonly differences: readonly string[];
}

/** What came of all vectors of one kind. */
export interface KindReport {
  passed: number;
  notYet: number;
  /** Left on purpose, and indeed different. */
  deviated: number;
  readonly failed: Failure[];
}

export type Report = ReadonlyMap<string, KindReport>;

/** A file or a kind that cannot be run; not a failed vector. */
export class ConformanceError extends Error {}

/** The vectors of a file, which must be a list of them, or those for Ucam-WebAuth with their keys. */
export async function readVectors(file: string | URL): Promise<readonly Vector[]> {
  let content: unknown;
  try {
    content = JSON.parse(await readFile(file, 'utf8'));
    if (isUcamFile(content)) content = await ucamVectors(content, file);
  } catch (error) {
    throw new ConformanceError(`${file}: ${error instanceof Error ? error.message : error}`);
  }
  if (!Array.isArray(content)) throw new ConformanceError(`${file}: not a list of vectors`);
  for (const [index, each] of content.entries()) {
    if (!isVector(each)) throw new ConformanceError(`${file}: number ${index + 1} is not a vector`);
  }
  return content;
}

/** The vectors that are left on purpose, with the reasons. */
export async function readDeviations(): Promise<readonly Deviation[]> {
  return JSON.parse(await readFile(new URL('deviations.json', import.meta.url), 'utf8')) as readonly Deviation[];
}

/** Runs vectors against the real code. An unknown kind stops everything before the first vector is run. */
export async function runVectors(
  vectors: readonly Vector[],
  options: { readonly kinds?: Kinds; readonly deviations?: readonly Deviation[] } = {},
): Promise<Report> {
  const kinds = options.kinds ?? (await loadKinds());
  const deviations = new Set((options.deviations ?? (await readDeviations())).map(({ id }) => id));
  refuseUnknown(vectors, kinds);
  const report = new Map<string, KindReport>();
  for (const vector of vectors) {
    const entry = report.get(vector.kind) ?? { passed: 0, notYet: 0, deviated: 0, failed: [] };
    report.set(vector.kind, entry);
    count(entry, vector.id, await run(vector, kinds), deviations.has(vector.id));
  }
  return report;
}

/** A report for people: a line for each kind, and the vectors that failed. */
export function formatReport(report: Report): string {
  const lines = [...report].flatMap(([kind, { passed, failed, deviated, notYet }]) => {
    const numbers = [
      `${passed} passed`,
      `${failed.length} failed`,
      ...(deviated > 0 ? [`${deviated} left on purpose`] : []),
      ...(notYet > 0 ? [`${notYet} not yet supported`] : []),
    ];
    return [
      `${kind.padEnd(18)} ${numbers.join(', ')}`,
      ...(failed.length > 0 ? [`  failed: ${failed.map(({ id }) => id).join(' ')}`] : []),
      ...failed.flatMap(({ id, differences }) => differences.map((difference) => `    ${id}  ${difference}`)),
    ];
  });
  return lines.join('\n');
}

/** All failures of a report. */
export function failures(report: Report): readonly Failure[] {
  return [...report.values()].flatMap(({ failed }) => failed);
}

function refuseUnknown(vectors: readonly Vector[], kinds: Kinds): void {
  const known = (kind: string) => Object.hasOwn(kinds, kind) || later.has(kind);
  const unknown = new Set(vectors.map(({ kind }) => kind).filter((kind) => !known(kind)));
  if (unknown.size > 0) throw new ConformanceError(`unknown kind of vector: ${[...unknown].join(', ')}`);
}

async function run(vector: Vector, kinds: Kinds): Promise<Comparison> {
  const kind = Object.hasOwn(kinds, vector.kind) ? kinds[vector.kind] : undefined;
  if (kind === undefined) return { differences: [], notYet: vector.kind };
  try {
    return await kind(vector.input, vector.expected);
  } catch (error) {
    return { differences: [`threw ${error instanceof Error ? error.message : error}`], threw: true };
  }
}

function count(entry: KindReport, id: string, comparison: Comparison, listed: boolean): void {
  const { differences, notYet, threw } = comparison;
  // What is left on purpose still comes to an outcome.
  const leftOnPurpose = listed && !threw;
  if (notYet !== undefined && differences.length === 0) entry.notYet += 1;
  else if (leftOnPurpose && differences.length > 0) entry.deviated += 1;
  else if (leftOnPurpose) entry.failed.push({ id, differences: ['passes, although it is listed as a deviation'] });
  else if (differences.length > 0) entry.failed.push({ id, differences });
  else entry.passed += 1;
}

function isVector(value: unknown): value is Vector {
  const { id, kind, input, expected } = (value ?? {}) as Record<string, unknown>;
  return typeof id === 'string' && typeof kind === 'string' && isFields(input) && isFields(expected);
}

function isFields(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
