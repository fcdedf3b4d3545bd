export type AttributeValue = string | number | boolean | readonly string[];

export interface TestUser {
  readonly name: string;
  readonly password: string;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
}

/** Everybody whom the django-cas-server of the interop tests knows. */
export const djangoUsers = {
  alice: {
    name: 'alice',
    password: 'alice-secret',
    attributes: {
      givenName: 'Alice',
      mail: 'alice@uni.example',
      displayName: 'Älice Ünïcode 𝓐 ☃ 李',
      note: `<b>R&D</b> "double" 'single' &amp; ]]> &#x41;`,
      memberOf: ['cn=staff,dc=uni', 'cn=r&d,dc=uni', 'cn=küche,dc=uni'],
      oneOnly: ['the only one'],
      empty: '',
      padded: '  two spaces around  ',
      number: 42,
      active: true,
    },
  },
  bob: { name: 'bob', password: 'bob-secret', attributes: {} },
  /** A name that must survive XML, URLs and forms. */
  zoe: { name: 'zoë r&d <x>', password: 'zoë & pässword', attributes: { mail: 'zoe@uni.example' } },
  /** Attributes named like elements of the protocol, or like members of Object.prototype. */
  clash: {
    name: 'clash',
    password: 'clash-secret',
    attributes: {
      user: 'mallory',
      proxyGrantingTicket: 'PGTIOU-forged',
      proxies: 'https://evil.example/proxy',
      constructor: 'c',
      ['__proto__']: 'p',
      toString: 't',
      isFromNewLogin: 'maybe',
    },
  },
  /** Attribute names that are no XML names: this server writes them down as they are. */
  oddattrs: {
    name: 'oddattrs',
    password: 'odd-secret',
    attributes: { 'urn:oid:2.5.4.3': 'colons', '2fast': 'leading digit', 'has space': 'space' },
  },
} as const satisfies Record<string, TestUser>;
