/** What one of two ways took for a call, in microseconds, and how they compare. */
export interface Measured {
  readonly ours: number;
  readonly reference: number;
  /** The median over all rounds of what a round says; a disturbance of some rounds does not move it. */
  readonly ratio: number;
}

const ROUNDS = 61;
const CALLS = 400;
const WARM_UP_ROUNDS = 8;

/** Measures two ways to do the same in turns within one process, so that both see the same machine. */
export function interleaved(ours: () => void, reference: () => void): Measured {
  const rounds = Array.from({ length: ROUNDS + WARM_UP_ROUNDS }, (_, round) => {
    // Whoever comes first in a round may find the machine in another state.
    const [first, second] = round % 2 === 0 ? [ours, reference] : [reference, ours];
    const times = [timed(first), timed(second)] as const;
    const [ourTime, referenceTime] = round % 2 === 0 ? times : [times[1], times[0]];
    return { ours: ourTime, reference: referenceTime, ratio: ourTime / referenceTime };
  }).slice(WARM_UP_ROUNDS);
  return {
    ours: median(rounds.map((round) => round.ours)),
    reference: median(rounds.map((round) => round.reference)),
    ratio: median(rounds.map((round) => round.ratio)),
  };
}

function timed(call: () => void): number {
  const start = process.hrtime.bigint();
  for (let index = 0; index < CALLS; index += 1) call();
  return Number(process.hrtime.bigint() - start) / 1000 / CALLS;
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
