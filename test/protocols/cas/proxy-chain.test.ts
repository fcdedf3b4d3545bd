import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type AllowedChains, allowsChain, checkAllowedChains } from '../../../src/protocols/cas/proxy-chain.ts';

const PORTAL = 'https://portal.example.edu/sso/proxy-callback';
const MAIL = 'https://mail.example.edu/cb';
const pattern = /^https:\/\/app[0-9]\.example\.edu\/cb$/;

describe('a chain of proxies', () => {
  test('is allowed when every rule covers the proxy at its place', () => {
    const allowed = [[MAIL], [PORTAL, pattern]];
    assert.equal(allowsChain(allowed, [PORTAL, 'https://app7.example.edu/cb']), true);
    assert.equal(allowsChain(allowed, [MAIL]), true);
  });

  test('is refused when no chain is allowed', () => {
    assert.equal(allowsChain([], [PORTAL]), false);
  });

  test('is refused when it is longer or shorter than the allowed one', () => {
    assert.equal(allowsChain([[PORTAL]], [PORTAL, MAIL]), false);
    assert.equal(allowsChain([[PORTAL, MAIL]], [PORTAL]), false);
  });

  test('is refused in another order: the most recent proxy comes first', () => {
    assert.equal(allowsChain([[PORTAL, MAIL]], [MAIL, PORTAL]), false);
  });

  test('is refused when its proxies are allowed in different chains only', () => {
    assert.equal(
      allowsChain(
        [
          [PORTAL, PORTAL],
          [MAIL, MAIL],
        ],
        [PORTAL, MAIL],
      ),
      false,
    );
  });

  test('is refused by a rule that is missing from its place', () => {
    const holed: string[] = [PORTAL];
    holed[2] = MAIL;
    assert.equal(allowsChain([holed], [PORTAL, 'https://evil.example/cb', MAIL]), false);
  });

  test('is refused when an anchored alternative would let part of an address through', () => {
    assert.equal(allowsChain([[/^https:\/\/a\.example\.edu\/|b$/]], ['https://evil.example/b']), false);
    assert.equal(
      allowsChain([[/https:\/\/a\.example\.edu\/cb/]], ['https://evil.example/?https://a.example.edu/cb']),
      false,
    );
    assert.equal(allowsChain([[/^https:\/\/a\.example\.edu/]], ['https://a.example.edu.evil.example/']), false);
  });

  test('is refused with a line break behind the address, also by a pattern of many lines', () => {
    assert.equal(
      allowsChain([[/^https:\/\/a\.example\.edu\/cb$/m]], ['https://a.example.edu/cb\nhttps://evil.example']),
      false,
    );
  });

  test('need not consist of addresses, as far as patterns go', () => {
    assert.equal(allowsChain([[/^test\.host$/]], ['test.host']), true);
  });
});

describe('an address as a rule', () => {
  const lookAlikes = [
    `${PORTAL}/`,
    `${PORTAL}?`,
    `${PORTAL}#`,
    `${PORTAL}?x=1`,
    ` ${PORTAL}`,
    PORTAL.toUpperCase(),
    PORTAL.replace('https', 'http'),
    PORTAL.replace('.edu', '.edu:443'),
    PORTAL.replace('.edu', '.edu.'),
    PORTAL.replace('.edu', '.edu.evil.example'),
    PORTAL.replace('.edu', '.edu@evil.example'),
    PORTAL.replace('.edu/', '.edu\\@evil.example/'),
    PORTAL.replace('portal', 'evil.example/portal'),
    PORTAL.replace('portal', 'evil@portal'),
    PORTAL.replace('/sso', '/x/../sso'),
    PORTAL.replace('/sso', '/%73so'),
    PORTAL.replace('a', '\u0430'),
    `https://evil.example/?${PORTAL}`,
    'https://portal.example.edu',
    'https://portal.example.edu/',
  ];
  for (const proxy of lookAlikes) {
    test(`does not cover ${JSON.stringify(proxy)}`, () => assert.equal(allowsChain([[PORTAL]], [proxy]), false));
  }
});

describe('a ticket without proxies', () => {
  const everything: AllowedChains[] = [[], [[]], [[PORTAL]], () => true];

  test('is not a chain, whatever is allowed', () => {
    for (const allowed of everything) assert.equal(allowsChain(allowed, []), false);
  });

  test('is welcome where the caller says so, whatever is allowed', () => {
    for (const allowed of everything) assert.equal(allowsChain(allowed, [], { allowDirect: true }), true);
  });
});

describe('a function for allowed chains', () => {
  test('decides by the whole chain', () => {
    const allowed = (proxies: readonly string[]) => proxies.at(-1) === MAIL;
    assert.equal(allowsChain(allowed, [PORTAL, MAIL]), true);
    assert.equal(allowsChain(allowed, [MAIL, PORTAL]), false);
  });

  test('refuses when it throws', () => {
    const allowed = () => {
      throw new Error('out of order');
    };
    assert.equal(allowsChain(allowed, [PORTAL]), false);
  });

  test('refuses when it answers anything but true, such as a promise', () => {
    for (const answer of [Promise.resolve(true), 1, 'yes', {}, undefined]) {
      assert.equal(allowsChain((() => answer) as unknown as () => boolean, [PORTAL]), false);
    }
  });

  test('cannot change the chain', () => {
    const proxies = [PORTAL];
    const allowed = (given: readonly string[]) => (given as string[]).push(MAIL) > 0;
    assert.equal(allowsChain(allowed, proxies), false);
    assert.deepEqual(proxies, [PORTAL]);
  });
});

const name = fc.stringMatching(/^[a-z][a-z0-9]{0,7}$/);
const url = fc.tuple(name, name).map(([host, path]) => `https://${host}.example.edu/${path}`);
const literally = (text: string) => new RegExp(`^${text.replace(/[.\\/]/g, '\\$&')}$`);

test('a chain with one proxy that no rule names is never allowed', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(url, { minLength: 1, maxLength: 4 }), { minLength: 1 }),
      fc.nat(),
      fc.nat(),
      (chains, a, b) => {
        const chain = chains[a % chains.length] ?? [];
        const allowed = chains.map((each, index) => (index % 2 === 0 ? each : each.map(literally)));
        assert.equal(allowsChain(allowed, chain), true);
        const stranger = chain.with(b % chain.length, 'https://stranger.example.net/');
        assert.equal(allowsChain(allowed, stranger), false);
      },
    ),
  );
});

test('an allowed address with any of its text replaced, removed or added to is refused', () => {
  fc.assert(
    fc.property(url, fc.nat(), fc.nat(3), fc.string({ maxLength: 12 }), (allowed, at, removed, inserted) => {
      const start = at % (allowed.length + 1);
      const mutant = allowed.slice(0, start) + inserted + allowed.slice(start + removed);
      fc.pre(mutant !== allowed);
      assert.equal(allowsChain([[allowed], [literally(allowed)]], [mutant]), false);
    }),
  );
});

describe('a configuration of allowed chains', () => {
  test('may hold addresses and whole patterns, or be empty, or be a function', () => {
    for (const good of [
      [],
      [[PORTAL]],
      [[PORTAL, pattern], [MAIL]],
      () => true,
      [[/^https:\/\/(?:a|b)[|]\|\.example\/\\$/i]],
    ]) {
      assert.deepEqual(checkAllowedChains(good), []);
    }
  });

  test('is a list of lists', () => {
    for (const bad of [undefined, null, PORTAL, {}, true, pattern]) {
      assert.match(checkAllowedChains(bad).join(), /^allowedChains: expected a list of chains/);
    }
    assert.match(checkAllowedChains([PORTAL]).join(), /^allowedChains\[0\]: expected a list of proxies/);
  });

  test('has no chain that is empty or missing', () => {
    assert.match(checkAllowedChains([[PORTAL], []]).join(), /^allowedChains\[1\]: expected a list of proxies/);
    assert.equal(checkAllowedChains(new Array(1)).length, 1);
    assert.equal(checkAllowedChains([new Array(1)]).length, 1);
  });

  test('has absolute addresses only', () => {
    for (const bad of [
      '',
      '/cb',
      'portal.example.edu/cb',
      '//portal.example.edu',
      'https:portal',
      'ftp://a/b',
      `${PORTAL} `,
      'https://',
    ]) {
      assert.match(checkAllowedChains([[bad]]).join(), /^allowedChains\[0\]\[0\]: expected an absolute address/, bad);
    }
  });

  test('has no star for "any", which stands for itself', () => {
    assert.match(checkAllowedChains([['https://*.example.edu/cb']]).join(), /a star stands for itself/);
  });

  test('has nothing but texts and patterns for proxies', () => {
    for (const bad of [null, 7, {}, () => true])
      assert.match(checkAllowedChains([[bad]]).join(), /expected an address/);
  });

  test('has patterns that are anchored at both ends', () => {
    for (const bad of [/https:\/\/a\/$/, /^https:\/\/a\//, /^https:\/\/a\/\$/, /^a\\\$/, /a/]) {
      assert.match(checkAllowedChains([[PORTAL, bad]]).join(), /^allowedChains\[0\]\[1\]: .*anchored/, bad.source);
    }
  });

  test('has no pattern with an alternative that the anchors do not hold', () => {
    for (const bad of [/^a|b$/, /^(?:a)|(b(c))$/, /^a$|^b$/, /^[(]|b$/, /^\[|b$/]) {
      assert.match(checkAllowedChains([[bad]]).join(), /alternative/, bad.source);
    }
  });

  test('has no pattern with flags that keep state or move the anchors', () => {
    for (const bad of [/^a$/g, /^a$/y, /^a$/m]) assert.match(checkAllowedChains([[bad]]).join(), /flag/, bad.flags);
  });

  test('has no function whose answer is a promise', () => {
    assert.match(checkAllowedChains(async () => true).join(), /promise/);
  });

  test('is told all its problems at once', () => {
    assert.equal(checkAllowedChains([['a', /a|b/], [], [MAIL]]).length, 4);
  });
});
