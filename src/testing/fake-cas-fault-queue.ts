import { checkFault, type FakeCasEndpoint, type FakeCasFault } from './fake-cas-faults.ts';
import { Faults, type Repetition } from './fake-server-faults.ts';

/** How often and where a fault happens. */
export interface MisbehaveOptions extends Repetition {
  /** Default: `validate`, which stands for all validation endpoints. */
  readonly endpoint?: FakeCasEndpoint;
}

/** The faults that are still to happen, in order, for each kind of endpoint. */
export class FaultQueue {
  readonly #waiting = new Map<FakeCasEndpoint, Faults<FakeCasFault>>();

  /** @throws TypeError when the fault cannot happen there, or `times` makes no sense. */
  add(fault: FakeCasFault, { endpoint = 'validate', ...repetition }: MisbehaveOptions = {}): void {
    checkFault(fault, endpoint);
    const queue = this.#waiting.get(endpoint) ?? new Faults<FakeCasFault>();
    queue.add(fault, repetition);
    this.#waiting.set(endpoint, queue);
  }

  /** The fault for the request at hand, if there is one. */
  take(endpoint: FakeCasEndpoint): FakeCasFault | undefined {
    return this.#waiting.get(endpoint)?.take();
  }

  /** Forgets all of them. */
  clear(): void {
    this.#waiting.clear();
  }
}
