import { randomBytes, randomInt } from 'node:crypto';
import { withParameter } from './fake-server-http.ts';
import { toWlsBase64 } from './fake-wls-key.ts';

/**
 * Whose habits the server has.
 *
 * |                                        | `raven`, the University's        | `ucam-wls`, the library of SRCF Goose and Nevar |
 * |----------------------------------------|----------------------------------|-------------------------------------------------|
 * | redirect                               | 303                              | 302                                             |
 * | address to come back to                | the reply is appended to it      | its query is rebuilt: empty parameters and the fragment vanish, `%20` becomes `+` |
 * | `ver` of cancel (410)                  | 1, so the query is dropped       | that of the request                             |
 * | request that cannot be served (520, 530) | reply in version 1             | page with status 400                            |
 * | 560                                    | signed                           | not signed                                      |
 * | somebody not `current`, version 1 or 2 | declined (570)                   | logged in                                       |
 * | `id`                                   | 24 characters, unguessable       | six digits                                      |
 * | `life` of a new session                | 36000                            | 21600                                           |
 * | page for a failure with `fail=yes`     | status 200                       | status 400                                      |
 */
export type FakeWlsStyle = 'raven' | 'ucam-wls';

/** What the styles differ in. */
export interface Habits {
  readonly redirectStatus: 302 | 303;
  readonly lifeSeconds: number;
  readonly failurePageStatus: 200 | 400;
  /** Requests that cannot be served are answered with a reply instead of a page. */
  readonly repliesToBadRequests: boolean;
  /** Versions 1 and 2 are for people who are `current`. */
  readonly guardsOldVersions: boolean;
  /** These failures are told in version 1. */
  readonly version1: ReadonlySet<number>;
  /** These failures are not signed. */
  readonly unsigned: ReadonlySet<number>;
  newId(): string;
  /** Adds a parameter to an address, in versions 2 and 3. */
  addTo(url: string, name: string, value: string): string;
}

const habits: Readonly<Record<FakeWlsStyle, Habits>> = {
  raven: {
    redirectStatus: 303,
    lifeSeconds: 36_000,
    failurePageStatus: 200,
    repliesToBadRequests: true,
    guardsOldVersions: true,
    version1: new Set([410, 520, 530]),
    unsigned: new Set(),
    newId: () => toWlsBase64(randomBytes(18)),
    addTo: withParameter,
  },
  'ucam-wls': {
    redirectStatus: 302,
    lifeSeconds: 21_600,
    failurePageStatus: 400,
    repliesToBadRequests: false,
    guardsOldVersions: false,
    version1: new Set([520]),
    unsigned: new Set([560]),
    newId: () => String(randomInt(100_000, 1_000_000)),
    addTo: rebuild,
  },
};

/** @throws TypeError when there is no such style. */
export function habitsOf(style: FakeWlsStyle): Habits {
  const found = Object.hasOwn(habits, style) ? habits[style] : undefined;
  if (found === undefined) throw new TypeError('startFakeWls: style must be raven or ucam-wls.');
  return found;
}

function rebuild(url: string, name: string, value: string): string {
  const [address = ''] = url.split('#', 1);
  const mark = address.indexOf('?');
  const base = mark === -1 ? address : address.slice(0, mark);
  const old = new URLSearchParams(mark === -1 ? '' : address.slice(mark));
  const kept = [...old].filter(([, value]) => value !== '');
  return `${base}?${new URLSearchParams([...kept, [name, value]])}`;
}
