/** How often a fault happens. */
export interface Repetition {
  /** How many answers go wrong: a whole number, or `Infinity` for all of them. Default: 1. */
  readonly times?: number;
}

interface Waiting<Fault> {
  readonly fault: Fault;
  left: number;
}

/** The faults that are still to happen, in order. */
export class Faults<Fault> {
  readonly #waiting: Waiting<Fault>[] = [];

  /** @throws TypeError when `times` makes no sense. */
  add(fault: Fault, { times = 1 }: Repetition = {}): void {
    if (times !== Infinity && !(Number.isInteger(times) && times > 0)) {
      throw new TypeError('misbehave: times must be a positive whole number or Infinity.');
    }
    this.#waiting.push({ fault, left: times });
  }

  /** The next fault; it is still to happen. */
  get next(): Fault | undefined {
    return this.#waiting[0]?.fault;
  }

  /** The fault for the answer at hand, if there is one. */
  take(): Fault | undefined {
    const [next] = this.#waiting;
    if (next === undefined) return undefined;
    next.left -= 1;
    if (next.left === 0) this.#waiting.shift();
    return next.fault;
  }

  /** Forgets all of them. */
  clear(): void {
    this.#waiting.length = 0;
  }
}
