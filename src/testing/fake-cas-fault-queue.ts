import { checkFault, type FakeCasEndpoint, type FakeCasFault } from './fake-cas-faults.ts';

/** How often and where a fault happens. */
export interface MisbehaveOptions {
  /** How many answers go wrong: a whole number, or `Infinity` for all of them. Default: 1. */
  readonly times?: number;
  /** Default: `validate`, which stands for all validation endpoints. */
  readonly endpoint?: FakeCasEndpoint;
}

interface Waiting {
  readonly fault: FakeCasFault;
  left: number;
}

/** The faults that are still to happen, in order, for each kind of endpoint. */
export class FaultQueue {
  readonly #waiting = new Map<FakeCasEndpoint, Waiting[]>();

  /** @throws TypeError when the fault cannot happen there, or `times` makes no sense. */
  add(fault: FakeCasFault, { times = 1, endpoint = 'validate' }: MisbehaveOptions = {}): void {
    checkFault(fault, endpoint);
    if (times !== Infinity && !(Number.isInteger(times) && times > 0)) {
      throw new TypeError('misbehave: times must be a positive whole number or Infinity.');
    }
    const queue = this.#waiting.get(endpoint) ?? [];
    this.#waiting.set(endpoint, [...queue, { fault, left: times }]);
  }

  /** The fault for the request at hand, if there is one. */
  take(endpoint: FakeCasEndpoint): FakeCasFault | undefined {
    const queue = this.#waiting.get(endpoint);
    const next = queue?.[0];
    if (queue === undefined || next === undefined) return undefined;
    next.left -= 1;
    if (next.left === 0) queue.shift();
    return next.fault;
  }

  /** Forgets all of them. */
  clear(): void {
    this.#waiting.clear();
  }
}
