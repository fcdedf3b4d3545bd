import { randomBytes } from 'node:crypto';
import type { RequestToSave } from '../../src/storage/saved-request.ts';
import { createSavedRequests, type SavedRequestsOptions } from '../../src/storage/saved-requests.ts';
import { createStore, type KeyvLike, type Store } from '../../src/storage/store.ts';
import { SECRET, stoppedClock, versions, warnings } from './support.ts';

export const MINUTE = 60_000;
export const KIB = 1024;
export const alice = { issuer: 'https://login.example.edu/cas', id: 'alice' };
export const bob = { ...alice, id: 'bob' };
export const target = { method: 'POST', url: '/grades?course=1' };

export const newSecret = () => randomBytes(32).toString('base64url');

/** A form of Alice's. */
export function aForm(changes: Partial<RequestToSave> = {}): RequestToSave {
  return {
    ...target,
    headers: [['content-type', 'application/x-www-form-urlencoded']],
    body: Buffer.from('grade=7&comment=good'),
    owner: alice,
    browser: 'a browser',
    cookieSecret: newSecret(),
    ...changes,
  };
}

/** The raw records of a store that several nodes share. Each node has a clock, secrets and a view of the store of its own. */
export function setUp(options: Partial<SavedRequestsOptions> = {}, make: (map: object) => KeyvLike = versions[0].make) {
  const records = new Map<string, unknown>();
  const keyv = make(records);
  const clock = stoppedClock();
  const warn = warnings();

  function node(own: Partial<SavedRequestsOptions> = {}) {
    const secrets = own.secrets ?? [SECRET];
    const inner = createStore({ keyv, secrets, clock: own.clock ?? clock, warn });
    const store = watched(inner);
    const requests = createSavedRequests({ store, secrets, clock, random: randomBytes, warn, ...options, ...own });
    /** Keeps a request that there must be room for. */
    const keep = async (request: RequestToSave) => {
      const outcome = await requests.save(request);
      if (outcome.kind === 'notKept') throw new Error(`not kept: ${outcome.reason}`);
      return outcome;
    };
    const claimFor = (id: string, { method, url, cookieSecret }: RequestToSave, principal = alice) =>
      requests.claim(id, cookieSecret, { method, url, principal });
    /** Whether a request can still be resumed. */
    const isThere = async (id: string, { cookieSecret }: RequestToSave) =>
      (await requests.describe(id, cookieSecret)) !== undefined;
    return { requests, store, inner, keep, claimFor, isThere };
  }

  /** How many records of a kind there are. */
  const count = (kind: string) =>
    [...records.keys()].filter((key) => key.replace(/^keyv:/, '').startsWith(`${kind}:`)).length;
  return { records, clock, warn, node, count, ...node() };
}

/** Fails the calls that it is told to. */
function watched(store: Store) {
  const failing = new Set<string>();
  const check = async (call: string) => {
    if (failing.has(call))
      throw Object.assign(new Error('down'), { name: 'SsoError', code: 'ERR_SSO_STORE', detail: null });
  };
  const view: Store = {
    ...store,
    get: async (kind, id) => check(`get ${kind}`).then(() => store.get(kind, id)),
    put: async (kind, id, value, ttl) => check(`put ${kind}`).then(() => store.put(kind, id, value, ttl)),
    claim: async (kind, id) => check(`claim ${kind}`).then(() => store.claim(kind, id)),
    remove: async (kind, id) => check(`remove ${kind}`).then(() => store.remove(kind, id)),
  };
  return Object.assign(view, { failing });
}
