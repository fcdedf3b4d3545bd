import type { Logger } from '../../options.ts';
import type { FindVerifier } from './judgement.ts';
import { type KeyFile, keyFilesIn, readKeyFile, stampOf } from './key-files.ts';
import { type KeySources, keySourceProblems } from './key-sources.ts';
import { type KeyReading, readKey, type SigningKey } from './keys.ts';
import type { KeyPolicy } from './signers.ts';

export interface KeyRingOptions {
  readonly keys: KeySources;
  readonly policy: KeyPolicy;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
  /** The present time in milliseconds since 1970. */
  readonly clock: () => number;
  /** How often files are looked at again, in milliseconds, and only when a reply arrives. Default 10000. */
  readonly recheckMs?: number;
}

/** The keys of one login server. */
export interface KeyRing {
  /** What was wrong when the keys were read first. With any, nothing should start. */
  readonly problems: readonly string[];
  /** The verifier of a key; looks first whether files have changed, if the last look is long enough ago. */
  readonly find: FindVerifier;
  /** The keys that are trusted now, by number. */
  kids(): readonly string[];
}

/** A file of the configuration, and what was found in it. */
interface Slot extends KeyFile {
  /** The option that names it, for messages. */
  readonly option: string;
  readonly stamp: string | null;
  readonly key: SigningKey | null;
  readonly problem: string | null;
}

/** A file that an option names, or that lies in a folder that it names. */
type Place = Pick<Slot, 'kid' | 'path' | 'option'>;

/**
 * Reads the keys of a login server, and reads files anew when they change, so that a new key needs no restart
 * (waa2wls-protocol V4.1, key management).
 *
 * A file that comes out broken or forbidden, or cannot be read any more, leaves the key that was there in use, with a
 * warning: half a copied file must not lock everybody out. To withdraw a key, take its file out of the folder. The last
 * one stays: a folder without keys is taken for one whose disk is away. A reply with an unknown `kid` causes no extra
 * look, since anybody can send those.
 *
 * Never throws; what is wrong is in `problems`.
 */
export function openKeyRing({ keys, policy, logger, clock, recheckMs = 10_000 }: KeyRingOptions): KeyRing {
  const wrongForm = keySourceProblems(keys);
  const sources = wrongForm.length === 0 ? keys : {};
  const inline = Object.entries(sources.inline ?? {}).map(([kid, pem]) => ({
    option: `ucam.keys.inline.${kid}`,
    reading: readKey(kid, pem, policy),
  }));
  let slots: readonly Slot[] = [];
  let trusted: ReadonlyMap<string, SigningKey> = new Map();

  /** Looks at everything once; gives what is wrong now. */
  const look = (): readonly string[] => {
    const folder = placesIn(sources.directory, policy, slots);
    const places = [
      ...Object.entries(sources.files ?? {}).map(([kid, path]) => ({ kid, path, option: `ucam.keys.files.${kid}` })),
      ...folder.places,
    ];
    slots = places.map((place) =>
      read(
        place,
        slots.find(({ path, kid }) => path === place.path && kid === place.kid),
        policy,
      ),
    );
    const merged = merge([...inline.flatMap(keyOf), ...slots.flatMap(({ key }) => key ?? [])], trusted);
    trusted = merged.keys;
    return [
      ...inline.flatMap(({ option, reading }) => (reading.kind === 'key' ? [] : `${option}: ${reading.problem}`)),
      ...slots.flatMap(({ option, path, problem }) => (problem === null ? [] : `${option} (${path}): ${problem}`)),
      ...folder.problems,
      ...merged.problems,
    ];
  };

  const found = look();
  const problems = [...wrongForm, ...found];
  if (problems.length === 0 && trusted.size === 0) problems.push(noKey(policy));
  const changes = sources.files !== undefined || sources.directory !== undefined;
  let standing: ReadonlySet<string> = new Set(found);
  let lookedAt = clock();

  const lookAgain = () => {
    const before = trusted;
    const now = look();
    for (const problem of now) if (!standing.has(problem)) logger.warn(problem);
    standing = new Set(now);
    for (const { kid, spki } of trusted.values()) {
      if (before.get(kid)?.spki !== spki) logger.info(`ucam.keys: replies may now be signed with a new key ${kid}.`);
    }
    for (const kid of before.keys()) {
      if (!trusted.has(kid)) logger.info(`ucam.keys: replies may no longer be signed with key ${kid}.`);
    }
  };

  return {
    problems,
    find: (kid) => {
      const now = clock();
      // A clock that was set back must not put the next look off.
      if (changes && Math.abs(now - lookedAt) >= recheckMs) {
        lookedAt = now;
        lookAgain();
      }
      return trusted.get(kid)?.verifier;
    },
    kids: () => [...trusted.keys()],
  };
}

/** The key files of a folder that may matter for the server, or those that were there when it could last be read. */
function placesIn(directory: string | undefined, { signers }: KeyPolicy, before: readonly Slot[]) {
  if (directory === undefined) return { places: [], problems: [] };
  const option = 'ucam.keys.directory';
  const last: readonly Place[] = before.filter((slot) => slot.option === option);
  // Apache's folder has the keys of several servers side by side.
  const matters = ({ kid }: KeyFile) => signers?.some((signer) => signer.kid === null || signer.kid === kid) ?? true;
  try {
    const places = keyFilesIn(directory)
      .filter(matters)
      .map((file) => ({ ...file, option }));
    if (places.length > 0) return { places, problems: [] };
    return { places: last, problems: [`${option}: ${directory} holds no key of this login server.${stays(last)}`] };
  } catch (thrown) {
    return { places: last, problems: [`${option}: ${directory} cannot be read (${codeOf(thrown)}).${stays(last)}`] };
  }
}

/** What is in a file now; unless it has changed, that is what was found before. */
function read(place: Place, before: Slot | undefined, policy: KeyPolicy): Slot {
  const key = before?.key ?? null;
  const keeps = stays(key === null ? [] : [key]);
  let stamp: string | null = null;
  try {
    stamp = stampOf(place.path);
    if (before?.stamp === stamp) return before;
    const reading = readKey(place.kid, readKeyFile(place.path), policy);
    if (reading.kind === 'key') return { ...place, stamp, key: reading.key, problem: null };
    return { ...place, stamp, key, problem: `${reading.problem}${keeps}` };
  } catch (thrown) {
    return { ...place, stamp, key, problem: `cannot be read (${codeOf(thrown)}).${keeps}` };
  }
}

/** One key for each `kid`. Where two files disagree nobody can say which is right, so the one in use stays. */
function merge(keys: readonly SigningKey[], inUse: ReadonlyMap<string, SigningKey>) {
  const merged = new Map<string, SigningKey>();
  const problems: string[] = [];
  for (const key of keys) {
    const rival = merged.get(key.kid);
    if (rival === undefined || inUse.get(key.kid)?.spki === key.spki) merged.set(key.kid, key);
    if (rival !== undefined && rival.spki !== key.spki) {
      problems.push(`ucam.keys: there are two different keys for kid ${key.kid}.`);
    }
  }
  return { keys: merged, problems };
}

function keyOf({ reading }: { readonly reading: KeyReading }): readonly SigningKey[] {
  return reading.kind === 'key' ? [reading.key] : [];
}

function noKey({ signers }: KeyPolicy): string {
  const kids = signers?.flatMap(({ kid }) => kid ?? []) ?? [];
  const which = kids.length === 0 ? '' : ` This login server signs with kid ${kids.join(' or ')}.`;
  return `ucam.keys: expected the public key of the login server.${which}`;
}

function stays(kept: readonly unknown[]): string {
  return kept.length === 0 ? '' : ' What was read before stays in use.';
}

function codeOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return 'unknown error';
  return 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : thrown.message;
}
