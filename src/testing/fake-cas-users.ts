/** Somebody who can sign in at the fake CAS server. */
export interface FakeCasUser {
  /**
   * The login name, reported to the application exactly as written here.
   * It must not be empty and must hold only characters that XML 1.0 can carry.
   */
  readonly name: string;
  /** The password, in clear. This is a development server: it is printed on the login page. */
  readonly password: string;
  /**
   * What the `/p3` and SAML endpoints tell about the person, one or more values for each name. Default: nothing.
   * A name must be usable as an XML element name without a colon.
   */
  readonly attributes?: Readonly<Record<string, readonly string[]>>;
}

/**
 * The people known to a server started without `users`.
 *
 * | name          | password        | why they are here                                       |
 * |---------------|-----------------|---------------------------------------------------------|
 * | `alice`       | `wonderland`    | an ordinary student, with several values in an attribute |
 * | `bob`         | `builder`       | an ordinary member of staff                             |
 * | `zoë`         | `crème-brûlée`  | accents in the name and in the password                 |
 * | `ελένη`       | `of-troy`       | a name without any Latin letter                         |
 * | `o'neil&<co>` | `"quotes" & <>` | every character that XML and HTML must escape           |
 */
export const defaultFakeCasUsers: readonly FakeCasUser[] = [
  {
    name: 'alice',
    password: 'wonderland',
    attributes: {
      displayName: ['Alice Liddell'],
      mail: ['alice@example.edu'],
      eduPersonAffiliation: ['student', 'member'],
    },
  },
  {
    name: 'bob',
    password: 'builder',
    attributes: { displayName: ['Bob Builder'], mail: ['bob@example.edu'], eduPersonAffiliation: ['staff', 'member'] },
  },
  {
    name: 'zoë',
    password: 'crème-brûlée',
    attributes: { displayName: ['Zoë Müller-Señán'], mail: ['zoe@example.edu'] },
  },
  { name: 'ελένη', password: 'of-troy', attributes: { displayName: ['Ελένη'], mail: ['eleni@example.edu'] } },
  {
    name: "o'neil&<co>",
    password: '"quotes" & <>',
    attributes: { displayName: ['O\'Neil & <Co> "R&D"'], mail: ['oneil@example.edu'] },
  },
];

const notXml = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/u;
const elementName = /^[\p{L}_][\p{L}\p{N}._-]*$/u;

/**
 * Checks a list of users before a server is built on it.
 *
 * @throws TypeError when the list is empty, a name is empty or occurs twice, or something in it cannot be written as XML.
 */
export function checkUsers(users: readonly FakeCasUser[]): void {
  if (users.length === 0) throw new TypeError('startFakeCas: users must not be empty.');
  const seen = new Set<string>();
  for (const { name, attributes = {} } of users) {
    if (name === '') throw new TypeError('startFakeCas: a user needs a name.');
    if (seen.has(name)) throw new TypeError(`startFakeCas: there are two users called ${JSON.stringify(name)}.`);
    seen.add(name);
    for (const text of [name, ...Object.values(attributes).flat()]) {
      if (notXml.test(text)) throw new TypeError(`startFakeCas: XML cannot carry ${JSON.stringify(text)}.`);
    }
    for (const key of Object.keys(attributes)) {
      if (!elementName.test(key)) {
        throw new TypeError(`startFakeCas: ${JSON.stringify(key)} cannot be the name of an XML element.`);
      }
    }
  }
}
