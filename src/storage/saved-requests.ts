import { setTimeout as delay } from 'node:timers/promises';
import type { PrincipalRef } from '../../machines/vocabulary.ts';
import { isSsoError, SsoError } from '../errors.ts';
import type { NotKept, RequestToSave, SavedRequests } from './saved-request.ts';
import { createRequestIndex, createTurns, type IndexEntry, type Trace } from './saved-request-index.ts';
import { createRoom } from './saved-request-room.ts';
import { createRequestSealers, type RequestLabel, type RequestSealer } from './saved-request-seal.ts';
import type { Store } from './store.ts';

/** Settings of {@link createSavedRequests}. All sizes count body, headers and URL, in bytes; at rest they nearly double. */
export interface SavedRequestsOptions {
  readonly store: Store;
  /** Secrets of the site: the first seals, all open. */
  readonly secrets: readonly string[];
  /** The time in milliseconds since 1970. */
  readonly clock: () => number;
  /** Unguessable bytes. */
  readonly random: (bytes: number) => Buffer;
  /** How long a request waits to be resumed, in milliseconds. Nothing extends it. Default 600 000 (ten minutes). */
  readonly lifeMs?: number;
  /** How many requests wait for one browser. Default 5. */
  readonly perBrowser?: number;
  /** How much waits for one person, in all browsers. Default 4 MiB. */
  readonly personBytes?: number;
  /** How much this process keeps for people whom nobody knows, all together. Default 8 MiB. */
  readonly strangerBytes?: number;
  /**
   * How much this process keeps. Default 32 MiB, which the store in memory has room for. What other processes resume of it
   * counts until it expires.
   */
  readonly totalBytes?: number;
  /** Hears that something could not be tidied up. Default: a warning of the process. */
  readonly warn?: (message: string) => void;
}

/** The record `request`. Both parts open only with the cookie secret, so the store and `secrets` do not even tell the URL. */
interface StoredRequest {
  readonly label: string;
  readonly body: string;
}

const MIB = 1024 * 1024;
const ID_BYTES = 32;
const IDEMPOTENCY_KEY_BYTES = 16;
/** Keeps the index of a person small who saves many tiny requests from many browsers. */
const MAX_PER_PERSON = 40;
/** How long it is remembered what became of a request, after it expired or was used. */
const TRACE_MS = 60 * 60_000;
/** How long a second click waits to be told what the first one did; in milliseconds. */
const WAITS_MS = [0, 50, 100, 200];

/**
 * Makes the collection of saved requests.
 *
 * @throws SsoError `ERR_SSO_OPTIONS` if there is no secret, or a limit is not a positive whole number
 */
export function createSavedRequests(options: SavedRequestsOptions): SavedRequests {
  const { store, secrets, clock, random, lifeMs = 600_000, perBrowser = 5, warn = warnProcess } = options;
  const { personBytes = 4 * MIB, strangerBytes = 8 * MIB, totalBytes = 32 * MIB } = options;
  for (const limit of [lifeMs, perBrowser, personBytes, strangerBytes, totalBytes]) {
    if (Number.isSafeInteger(limit) && limit > 0) continue;
    throw new SsoError('ERR_SSO_OPTIONS', { message: 'A limit of saved requests is not a positive whole number.' });
  }
  const sealerFor = createRequestSealers(secrets);
  const room = createRoom({ clock, totalBytes, strangerBytes });
  const index = createRequestIndex({ store, clock });
  const inTurn = createTurns();

  /** For work that nothing depends on any more: a failure is told and changes nothing. */
  async function tidy(work: Promise<void>): Promise<void> {
    await work.catch((failure: unknown) => {
      if (!isSsoError(failure)) throw failure;
      warn(`${failure.code} (${failure.detail}): a saved request could not be tidied up; it expires.`);
    });
  }

  const trace = (id: string, state: Trace, lifetimeMs: number) =>
    store.put<Trace>('request-trace', id, state, lifetimeMs);

  /** What became of a request that is not there. Whoever has just taken it writes that down a moment later. */
  async function fateOf<Otherwise extends string>(id: string, otherwise: Otherwise) {
    for (const waitMs of WAITS_MS) {
      await delay(waitMs);
      const known = await store.get<Trace>('request-trace', id);
      if (known === undefined) return otherwise;
      if (known.state !== 'pending') return known.state;
      if (clock() >= known.expiresAt) return 'expired';
    }
    return otherwise;
  }

  /** Takes it as a claim does, so that a request has one end only: used or discarded. */
  async function discard(id: string): Promise<void> {
    const taken = await store.claim('request', id);
    // What cannot be opened any more is not given to anybody, but has to go as well.
    if (taken === undefined) await store.remove('request', id);
    room.release(id);
    if (taken !== undefined) await tidy(trace(id, { state: 'discarded' }, TRACE_MS));
  }

  async function write(
    browser: string,
    owner: PrincipalRef | null,
    entry: IndexEntry,
    record: StoredRequest,
  ): Promise<NotKept | undefined> {
    const { id, expiresAt } = entry;
    if (owner !== null) {
      const hasRoom = (others: readonly IndexEntry[]) =>
        others.length < MAX_PER_PERSON && others.reduce((sum, { bytes }) => sum + bytes, entry.bytes) <= personBytes;
      const person = personName(owner);
      const others = await inTurn(person, () => index.add(person, entry, hasRoom));
      if (others === undefined) return 'personFull';
    }
    const earlier = (await index.add(browserName(browser), entry, () => true)) ?? [];
    const lifetimeMs = Math.max(1, expiresAt - clock());
    await trace(id, { state: 'pending', expiresAt }, lifetimeMs + TRACE_MS);
    // After its entries: there must be no request that a logout cannot find.
    await store.put('request', id, record, lifetimeMs);
    for (const { id: oldest } of earlier.slice(perBrowser - 1)) await tidy(discard(oldest));
    return undefined;
  }

  /** A write that failed may have reached the store all the same. Nobody waits: the store is likely to be down. */
  function abandon(id: string): void {
    room.release(id);
    void Promise.allSettled([discard(id), trace(id, { state: 'discarded' }, TRACE_MS)]);
  }

  function open(id: string, record: StoredRequest, cookieSecret: string) {
    const sealer = sealerFor(cookieSecret);
    const label = sealer?.openLabel(id, record.label);
    return sealer && label && { sealer, label };
  }

  return {
    async save(request) {
      const sealer = sealerFor(request.cookieSecret);
      if (sealer === undefined) throw new RangeError('A cookie secret must be 256 random bits in base64url.');
      if (request.browser === '') throw new RangeError('A browser must have an id.');
      if (!isOwnTarget(request.url)) return { kind: 'notKept', reason: 'badTarget' };

      const id = random(ID_BYTES).toString('base64url');
      const label = labelOf(request, clock(), lifeMs, random);
      const { expiresAt, idempotencyKey } = label;
      const entry = { id, bytes: Buffer.byteLength(JSON.stringify(label)) + label.size, expiresAt };
      const full = room.take(id, entry.bytes, label.owner === null, expiresAt);
      if (full !== undefined) return { kind: 'notKept', reason: full };
      try {
        const record = sealed(sealer, id, label, request.body);
        const { browser } = request;
        const refusal = await inTurn(browserName(browser), () => write(browser, label.owner, entry, record));
        if (refusal === undefined) return { kind: 'kept', id, idempotencyKey, expiresAt };
        room.release(id);
        return { kind: 'notKept', reason: refusal };
      } catch (failure) {
        abandon(id);
        throw failure;
      }
    },

    async describe(id, cookieSecret) {
      const record = await store.get<StoredRequest>('request', id);
      const opened = record && open(id, record, cookieSecret);
      if (opened === undefined || clock() >= opened.label.expiresAt) return undefined;
      const { method, url, owner, savedAt, replays, size, expiresAt } = opened.label;
      return { method, url, owner, savedAt, replays, size, expiresAt };
    },

    async claim(id, cookieSecret, expected) {
      const record = await store.get<StoredRequest>('request', id);
      if (record === undefined) return { kind: await fateOf(id, 'unknown') };
      const opened = open(id, record, cookieSecret);
      // Opened before it is taken: what was tampered with must not cost the person the request.
      const body = opened?.sealer.openBody(id, opened.label, record.body);
      if (opened === undefined || body === undefined) return { kind: 'foreign' };

      const { method, url, headers, owner, savedAt, expiresAt, idempotencyKey, replays } = opened.label;
      if (clock() >= expiresAt) {
        await store.remove('request', id);
        room.release(id);
        return { kind: 'expired' };
      }
      if (owner !== null && !isSamePerson(owner, expected.principal)) {
        await discard(id);
        return { kind: 'otherPrincipal' };
      }
      if (method !== expected.method || url !== expected.url) return { kind: 'otherTarget' };
      if ((await store.claim('request', id)) === undefined) return { kind: await fateOf(id, 'used') };
      room.release(id);
      await tidy(trace(id, { state: 'used' }, TRACE_MS));
      return { kind: 'taken', request: { method, url, headers, body, owner, savedAt, idempotencyKey, replays } };
    },

    discard,

    async discardAll(browser) {
      const name = browserName(browser);
      await inTurn(name, async () => {
        const entries = await index.list(name);
        const attempts = await Promise.allSettled(entries.map(({ id }) => discard(id)));
        const failed = attempts.find((attempt) => attempt.status === 'rejected');
        if (failed) throw failed.reason;
      });
    },
  };
}

function labelOf(request: RequestToSave, now: number, lifeMs: number, random: SavedRequestsOptions['random']) {
  const { method, url, headers, owner, body, replays = 0 } = request;
  const label: RequestLabel = {
    method,
    url,
    headers,
    owner: owner && { issuer: owner.issuer, id: owner.id },
    size: body.length,
    savedAt: now,
    expiresAt: now + lifeMs,
    idempotencyKey: request.idempotencyKey ?? random(IDEMPOTENCY_KEY_BYTES).toString('base64url'),
    replays,
  };
  return label;
}

function sealed(sealer: RequestSealer, id: string, label: RequestLabel, body: Buffer): StoredRequest {
  return { label: sealer.sealLabel(id, label), body: sealer.sealBody(id, label, body) };
}

/** Browsers take `//host`, and anything with backslashes, spaces or control characters in it, to places of their own. */
function isOwnTarget(url: string): boolean {
  return /^\/(?!\/)[^\u0000-\u0020\u007f-\u009f\\#]*$/.test(url) && !/\p{Surrogate}/u.test(url);
}

function isSamePerson(one: PrincipalRef, other: PrincipalRef): boolean {
  return one.issuer === other.issuer && one.id === other.id;
}

function browserName(browser: string): string {
  return JSON.stringify(['browser', browser]);
}

function personName({ issuer, id }: PrincipalRef): string {
  return JSON.stringify(['person', issuer, id]);
}

function warnProcess(message: string): void {
  process.emitWarning(message, 'CampusSsoWarning');
}
