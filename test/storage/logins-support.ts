import { randomBytes } from 'node:crypto';
import { createLogins, type LoginRecord } from '../../src/storage/logins.ts';
import { createMemoryKeyv } from '../../src/storage/memory-store.ts';
import { createStore, type Store } from '../../src/storage/store.ts';
import { SECRET, stoppedClock, warnings } from './support.ts';

export const MINUTE = 60_000;
export const IDLE = 30 * MINUTE;
export const ABSOLUTE = 8 * 60 * MINUTE;

/** Counts the calls, and fails those that it is told to. */
function observed(store: Store) {
  const calls: string[] = [];
  const failing = new Set<string>();
  const note = async (call: string) => {
    calls.push(call);
    if (failing.has(call)) throw Object.assign(new Error('down'), { code: 'ERR_SSO_STORE' });
  };
  const watched: Store = {
    ...store,
    get: async (kind, id) => note(`get ${kind}`).then(() => store.get(kind, id)),
    put: async (kind, id, value, ttl) => note(`put ${kind}`).then(() => store.put(kind, id, value, ttl)),
    remove: async (kind, id) => note(`remove ${kind}`).then(() => store.remove(kind, id)),
  };
  return { store: watched, calls, failing, forget: () => calls.splice(0) };
}

/** One store that several nodes share, each with logins of its own and a view of the calls it makes. */
export function setUp(maxRemembered?: number) {
  const clock = stoppedClock();
  const warn = warnings();
  const shared = createStore({ keyv: createMemoryKeyv(), secrets: [SECRET], clock });
  const node = () => {
    const view = observed(shared);
    const size = maxRemembered === undefined ? {} : { maxRemembered };
    const logins = createLogins({ store: view.store, idleMs: IDLE, clock, random: randomBytes, warn, ...size });
    return { ...view, logins };
  };
  const record = (id = 'alice'): LoginRecord => ({
    principal: {
      issuer: 'https://login.example.edu/cas',
      id,
      protocol: 'cas',
      attributes: { mail: ['alice@example.edu'] },
      authenticatedAt: null,
      fromNewLogin: null,
      longTerm: null,
    },
    account: { role: 'staff' },
    flowId: 'flow-1',
    grantId: null,
    openedAt: clock(),
    expiresAt: clock() + ABSOLUTE,
  });
  return { clock, warn, shared, node, record, ...node() };
}
