import type { FakeWlsSignature, WlsKey } from './fake-wls-key.ts';
import type { Habits } from './fake-wls-styles.ts';
import { type FakeWlsUser, ptagsOf } from './fake-wls-users.ts';

/** The fields of a reply as text, before `!` and `%` in them are escaped (1.3). */
export interface FakeWlsFields {
  readonly ver: string;
  readonly status: string;
  readonly msg: string;
  readonly issue: string;
  readonly id: string;
  readonly url: string;
  readonly principal: string;
  /** Left out together with its separator where `ver` is 1 or 2. */
  readonly ptags: string;
  readonly auth: string;
  readonly sso: string;
  readonly life: string;
  readonly params: string;
  readonly kid: string;
  readonly sig: string;
}

/** A reply as the browser carries it. */
export interface FakeWlsReply {
  /** The value of `WLS-Response`, not yet encoded for a query. */
  readonly text: string;
  /** Where the browser is sent, `WLS-Response` included. */
  readonly location: string;
}

/** What has come of a request. */
export type Outcome =
  | {
      readonly status: 200;
      readonly user: FakeWlsUser;
      /** The password was typed for this very request. */
      readonly interactive: boolean;
      /** What is left of the session, in whole seconds. */
      readonly life: number;
    }
  | { readonly status: number; readonly user?: never; readonly msg: string };

/** How a reply differs from the right one. */
export interface Alterations {
  readonly fields?: Partial<FakeWlsFields> | undefined;
  readonly signature?: FakeWlsSignature | undefined;
  /** Sent instead of everything else. */
  readonly raw?: string;
  /** How often `WLS-Response` is there. Default: once. */
  readonly occurrences?: 0 | 1 | 2;
}

/** Everything that goes into a reply. */
export interface Draft {
  readonly ver: number;
  readonly url: string;
  readonly params: string;
  readonly outcome: Outcome;
  /** When it is issued, in milliseconds since the epoch. */
  readonly now: number;
}

const contents = [
  'ver',
  'status',
  'msg',
  'issue',
  'id',
  'url',
  'principal',
  'ptags',
  'auth',
  'sso',
  'life',
  'params',
] as const;

/** Writes a reply: 13 fields in versions 1 and 2, 14 in every other (1.3). */
export function writeReply(draft: Draft, key: WlsKey, habits: Habits, alterations: Alterations = {}): FakeWlsReply {
  const { raw, occurrences = 1, signature = 'good' } = alterations;
  const fields = { ...fieldsOf(draft, habits), ...alterations.fields };
  const names = fields.ver === '1' || fields.ver === '2' ? contents.filter((name) => name !== 'ptags') : contents;
  const text = raw ?? signReply(key, writeFields(names.map((name) => fields[name])), { signature, ...fields });
  return { text, location: land(draft.url, fields.ver, text, occurrences, habits) };
}

/** Fields joined to the text that is signed. */
export function writeFields(fields: readonly string[]): string {
  return fields.map(escapeField).join('!');
}

/** Adds the name of the key and the signature to the text that is signed. */
export function signReply(
  key: WlsKey,
  text: string,
  how: { readonly signature?: FakeWlsSignature; readonly kid?: string; readonly sig?: string } = {},
): string {
  const { signature = 'good', kid = signature === 'none' ? '' : key.kid, sig = key.sign(text, signature) } = how;
  return `${text}!${escapeField(kid)}!${escapeField(sig)}`;
}

/** A time as the protocol writes it (1.4). */
export function writeTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/[-:]|\.\d+/g, '');
}

function escapeField(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('!', '%21');
}

function fieldsOf({ ver, url, params, outcome, now }: Draft, habits: Habits): Omit<FakeWlsFields, 'kid' | 'sig'> {
  const isLogin = outcome.user !== undefined;
  return {
    ver: String(ver),
    status: String(outcome.status),
    msg: isLogin ? '' : outcome.msg,
    issue: writeTime(now),
    id: habits.newId(),
    url,
    principal: isLogin ? outcome.user.principal : '',
    ptags: isLogin ? ptagsOf(outcome.user).join(',') : '',
    auth: isLogin && outcome.interactive ? 'pwd' : '',
    sso: isLogin && !outcome.interactive ? 'pwd' : '',
    life: isLogin ? String(outcome.life) : '',
    params,
  };
}

function land(url: string, ver: string, text: string, occurrences: number, habits: Habits): string {
  let location = ver === '1' ? url.replace(/[?#].*$/s, '') : url;
  for (let sent = 0; sent < occurrences; sent += 1) location = habits.addTo(location, 'WLS-Response', text);
  return location;
}
