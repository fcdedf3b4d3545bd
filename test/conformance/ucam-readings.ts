import { readFileSync } from 'node:fs';
import type { Report } from './runner.ts';

/** Which outcome was chosen where the protocol leaves several, and why. */
export interface Reading {
  readonly id: string;
  /** `ok`, or the reason of a refusal. */
  readonly chosen: string;
  readonly why: string;
}

/** The readings of all ambiguous vectors. */
export const readings: readonly Reading[] = JSON.parse(
  readFileSync(new URL('ucam-readings.json', import.meta.url), 'utf8'),
) as readonly Reading[];

/** What a failed vector says first: how bad it is. */
export const FAULTS = ['wrongly accepted', 'wrongly refused', 'threw'] as const;

/** For people: how often each fault was found, and the readings. Empty for a report without replies of a WLS. */
export function ucamSummary(report: Report): string {
  const ours = [...report].filter(([kind]) => kind.startsWith('ucam:'));
  if (ours.length === 0) return '';
  const count = (fault: string) =>
    ours.flatMap(([, { failed }]) => failed).filter(({ differences }) => differences[0]?.startsWith(fault)).length;
  const replies = ours.filter(([kind]) => kind !== 'ucam:rsa');
  const total = replies.reduce((sum, [, each]) => sum + each.passed + each.failed.length + each.deviated, 0);
  return [
    '',
    `${total} replies: ${FAULTS.map((fault) => `${count(fault)} ${fault}`).join(', ')}`,
    `ambiguous (${readings.length}), with the reading that was chosen:`,
    ...readings.map(({ id, chosen, why }) => `  ${id.padEnd(24)} ${chosen.padEnd(17)} ${why}`),
  ].join('\n');
}
