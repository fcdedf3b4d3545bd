import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isKid } from '../../../src/protocols/ucam/judgement.ts';
import {
  assertPrincipal,
  assertRejected,
  empty,
  ISSUED,
  judge,
  keys,
  NONCE,
  replyOf,
  textOf,
  URL_SENT,
} from './support.ts';

test('a success tells everything that the reply says', () => {
  const parts = { msg: 'Hello%21', ptags: 'x-admin,current', sso: 'pwd,x-otp', params: `${NONCE}.YT9i` };
  assert.deepEqual(judge(parts, { params: `${NONCE}.YT9i` }), {
    kind: 'success',
    principal: 'fjc55',
    ptags: ['x-admin', 'current'],
    auth: 'pwd',
    sso: ['pwd', 'x-otp'],
    lifeSeconds: 36000,
    issuedAt: ISSUED,
    id: 'kI54FA6.7Tsb9RhZeFBrpFUs',
    params: `${NONCE}.YT9i`,
    data: 'a?b',
    version: 3,
    kid: '7',
    signedText: textOf(parts),
  });
});

test('a success by single sign-on has no auth', () => {
  const judgement = judge({ auth: '', sso: 'pwd' });
  assertPrincipal(judgement);
  assert.equal(judgement.kind === 'success' && judgement.auth, null);
});

for (const ver of ['1', '2', '3']) {
  test(`version ${ver} is accepted`, () => assertPrincipal(judge({ ver })));
}

test('a version above the one that the attempt asked for is refused', () => {
  assertRejected(judge({ ver: '3' }, { version: 2 }), 'unsupported-version');
  assertPrincipal(judge({ ver: '2' }, { version: 2 }));
});

describe('the signature', () => {
  test('of another key of the same server does not hold', () => {
    assertRejected(judge({ key: keys.get('8')?.privateKey }), 'bad-signature');
  });

  test('with another digest does not hold', () => assertRejected(judge({ digest: 'RSA-SHA256' }), 'bad-signature'));

  test('is checked over the text as it was received, so that an escaped name is no second spelling', () => {
    assertRejected(judge(replyOf().replace('fjc55', 'fjc5%35')), 'bad-signature');
    assertRejected(judge(replyOf({ principal: 'a!b' }).replace('a!b', 'a%21b')), 'bad-signature');
    assertPrincipal(judge({ principal: 'a%21b' }), 'a!b');
  });

  test('covers characters beyond ASCII as UTF-8', () => assertPrincipal(judge({ principal: 'münch' }), 'münch'));

  test('is demanded of a success', () => {
    assertRejected(judge({ kid: '', sig: '' }), 'missing-kid');
    assertRejected(judge({ sig: '' }), 'missing-sig');
  });

  test('without a kid is refused, of a failure as well', () => {
    const failure = { ...empty, status: '410' };
    assertRejected(judge({ ...failure, kid: '', sig: 'AAAA' }), 'missing-kid');
    assertRejected(judge({ ...failure, sig: '' }), 'missing-sig');
  });

  test('has one spelling only', () => {
    const reply = replyOf();
    const last = reply.at(-2) ?? '';
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.';
    const next = alphabet[alphabet.indexOf(last) + 1];
    assert.match(reply, /[^_]_$/);
    for (const other of [
      reply.slice(0, -1),
      `${reply}_`,
      `${reply}=`,
      `${reply.slice(0, -1)}=`,
      `${reply.slice(0, -2)}${next}_`,
      `${reply.slice(0, -40)}\n${reply.slice(-40)}`,
      `${reply}AAAA`,
      `${reply} `,
      reply.replace(/!([^!]*)$/, (_, sig: string) => `!${sig.replaceAll('-', '+').replaceAll('.', '/')}`),
    ]) {
      if (other !== reply) assertRejected(judge(other), 'bad-sig-encoding');
    }
  });
});

describe('the kid', () => {
  for (const kid of [
    '0',
    '07',
    '-7',
    '7.0',
    ' 7',
    '7 ',
    '７',
    '7e0',
    '0x7',
    '7_',
    '123456789',
    '../7',
    '7\n',
    '%37',
    '__proto__',
  ]) {
    test(`"${kid}" is none`, () => {
      assert.equal(isKid(kid), false);
      assertRejected(judge({ kid, key: keys.get('7')?.privateKey }), 'bad-kid');
    });
  }

  for (const kid of ['9', '77', '12345678']) {
    test(`${kid} is unknown, whatever the signature`, () => {
      const judgement = judge({ kid, key: keys.get('7')?.privateKey });
      assert.deepEqual(judgement, { kind: 'rejected', reason: 'unknown-kid', class: 'unknown-key' });
    });
  }

  test('decides which key counts', () => assertPrincipal(judge({ kid: '8' })));
});

describe('the address', () => {
  for (const url of [
    'https://portal.example.edu/sso/raven/return/',
    'https://portal.example.edu/sso/raven/retur',
    'https://portal.example.edu/sso/raven/return?',
    'https://portal.example.edu/sso/raven/return?a=1',
    'https://portal.example.edu/sso/raven/return#',
    'https://portal.example.edu:443/sso/raven/return',
    'https://PORTAL.example.edu/sso/raven/return',
    'https://portal.example.edu/sso/./raven/return',
    'http://portal.example.edu/sso/raven/return',
    'https://portal.example.edu.evil.example/sso/raven/return',
    'https://portal.example.edu@evil.example/sso/raven/return',
    ' https://portal.example.edu/sso/raven/return',
  ]) {
    test(`${url} is not the one that was sent, in any version`, () => {
      for (const ver of ['1', '2', '3']) assertRejected(judge({ ver, url }), 'url');
    });
  }

  test('is compared un-escaped', () => {
    assertPrincipal(judge({ url: `${URL_SENT}%21%2541` }, { url: `${URL_SENT}!%41` }));
  });
});

describe('the time', () => {
  const at = (seconds: number, more = {}) => judge({}, { now: ISSUED + seconds * 1000, ...more });

  test('may be up to 30 seconds ago, and 5 more for clocks that differ', () => {
    assertPrincipal(at(35));
    assertRejected(judge({}, { now: ISSUED + 35_001 }), 'stale');
  });

  test('may be up to 5 seconds ahead', () => {
    assertPrincipal(at(-5));
    assertRejected(judge({}, { now: ISSUED - 5001 }), 'issued-in-future');
  });

  test('has limits that the attempt can set', () => {
    assertPrincipal(at(70, { timeoutMs: 60_000, skewMs: 10_000 }));
    assertRejected(at(71, { timeoutMs: 60_000, skewMs: 10_000 }), 'stale');
    assertRejected(at(-1, { skewMs: 0 }), 'issued-in-future');
    assertPrincipal(at(0, { skewMs: 0, timeoutMs: 0 }));
  });

  test('that is not a number on our side lets nobody in', () => {
    for (const more of [{ now: Number.NaN }, { timeoutMs: Number.NaN }, { skewMs: Number.NaN }]) {
      assertRejected(judge({}, more), 'stale');
    }
  });

  test('must exist', () => {
    for (const issue of ['', '20260230T120000Z', '2026-01-15T12:00:00Z']) assertRejected(judge({ issue }), 'bad-issue');
  });
});

describe('the params', () => {
  test('are those of this attempt, letter for letter', () => {
    for (const params of ['', NONCE.slice(1), `${NONCE}.YQ`, NONCE.toLowerCase(), ` ${NONCE}`]) {
      assertRejected(judge({ params }), 'params');
    }
  });

  test("of an attempt that is not pending any more are nobody's", () => {
    assertRejected(judge({}, { params: null }), 'params');
    assertRejected(judge({ params: '' }, { params: null }), 'params');
    assertRejected(judge({ params: 'null' }, { params: null }), 'params');
  });
});

describe('a success', () => {
  test('without an id, an address or a principal is refused', () => {
    assertRejected(judge({ id: '' }), 'missing-id');
    assertRejected(judge({ url: '' }), 'missing-url');
    assertRejected(judge({ principal: '' }), 'missing-principal');
  });

  for (const principal of ['a\nb', 'a\r', '\u0000', 'a\u007f', 'a\u0085', 'a\u2028b', 'a\ufffd']) {
    test(`for ${JSON.stringify(principal)} is refused`, () => assertRejected(judge({ principal }), 'bad-principal'));
  }

  test('for a name that JavaScript knows is one like any other', () => {
    for (const principal of ['__proto__', 'constructor', 'toString']) assertPrincipal(judge({ principal }), principal);
  });

  test('without any authentication is refused', () => {
    for (const sso of ['', ',', ',,']) assertRejected(judge({ auth: '', sso }), 'missing-auth');
  });

  for (const life of ['-1', '+1', ' 1', '1.5', '1e3', '0x10', 'Infinity', 'abc', '1_0', '１', '9'.repeat(13)]) {
    test(`with a life of "${life}" is refused`, () => assertRejected(judge({ life }), 'bad-life'));
  }

  test('tells how long the session goes on, or that it does not tell', () => {
    for (const [life, seconds] of [
      ['', null],
      ['0', 0],
      ['0060', 60],
      ['42298', 42298],
    ] as const) {
      const judgement = judge({ life });
      assert.equal(judgement.kind === 'success' && judgement.lifeSeconds, seconds, life);
    }
  });

  test('is judged by what this attempt asked', () => {
    assertRejected(judge({ auth: '', sso: 'pwd' }, { iact: 'yes' }), 'iact');
    assertPrincipal(judge({ auth: 'pwd', sso: 'pwd' }, { iact: 'yes' }));
    assertRejected(judge({ auth: 'pwd' }, { iact: 'no' }), 'iact');
    assertRejected(judge({ auth: 'x-otp' }), 'aauth');
    assertPrincipal(judge({ auth: 'x-otp' }, { aauth: ['x-otp'] }));
  });

  test('whose params hold no data of ours has none', () => {
    const judgement = judge({ params: 'other' }, { params: 'other' });
    assert.equal(judgement.kind === 'success' && judgement.data, null);
  });
});
