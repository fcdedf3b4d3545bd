/** Somebody who can log in at the fake web login server. */
export interface FakeWlsUser {
  /** The user-id, reported to the application as `principal`, exactly as written here. */
  readonly principal: string;
  /** The password, in clear. This is a development server: it is printed on the login page. */
  readonly password: string;
  /** The name of the person, shown on the login page and told to nobody. Default: none. */
  readonly name?: string;
  /**
   * The tags that a reply of version 3 tells. Default: `['current']`, present staff or student. An empty list is somebody
   * who has left and keeps the account ("Raven for life").
   */
  readonly ptags?: readonly string[];
}

/**
 * The people known to a server started without `users`. The password of all is `test`.
 *
 * | principal  | ptags              | why they are here                                              |
 * |------------|--------------------|----------------------------------------------------------------|
 * | `test0001` | `current`          | an ordinary student                                            |
 * | `test0002` | `current`          | another one, to tell apart from the first                      |
 * | `test0400` | `current,x-admin`  | a second tag, which an application that knows none must ignore |
 * | `test0450` | none               | has left, and keeps the account ("Raven for life")             |
 */
export const defaultFakeWlsUsers: readonly FakeWlsUser[] = [
  { principal: 'test0001', password: 'test', name: 'Amara Okafor' },
  { principal: 'test0002', password: 'test', name: 'Zoë Müller' },
  { principal: 'test0400', password: 'test', name: 'Rhys O’Neil', ptags: ['current', 'x-admin'] },
  { principal: 'test0450', password: 'test', name: 'Edith Clarke', ptags: [] },
];

/** The tags of a user. */
export function ptagsOf({ ptags = ['current'] }: FakeWlsUser): readonly string[] {
  return ptags;
}

/** Whether the user is present staff or a present student. */
export function isCurrent(user: FakeWlsUser): boolean {
  return ptagsOf(user).includes('current');
}

/**
 * Checks a list of users before a server is built on it.
 *
 * @throws TypeError when the list is empty, a principal is empty or occurs twice, has a control character or white space
 * around it, or a tag is empty or holds a comma.
 */
export function checkUsers(users: readonly FakeWlsUser[]): void {
  if (users.length === 0) throw new TypeError('startFakeWls: users must not be empty.');
  const seen = new Set<string>();
  for (const user of users) {
    const { principal } = user;
    const shown = JSON.stringify(principal);
    if (principal === '') throw new TypeError('startFakeWls: a user needs a principal.');
    // The login form cuts white space off, as people copy it with their user-id.
    if (principal !== principal.trim() || /[\u0000-\u001f\u007f]/.test(principal)) {
      throw new TypeError(`startFakeWls: nobody can type the principal ${shown}.`);
    }
    if (seen.has(principal)) throw new TypeError(`startFakeWls: there are two users called ${shown}.`);
    seen.add(principal);
    if (ptagsOf(user).some((tag) => tag === '' || tag.includes(','))) {
      throw new TypeError(`startFakeWls: a tag of ${shown} is empty or holds a comma.`);
    }
  }
}
