import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { UcamLoginEvent } from '../../../machines/index.ts';
import { emptyReply } from '../../../src/flow/reply.ts';
import type { LoginScope } from '../../../src/protocols/protocol.ts';
import type { SessionEffects } from '../../../src/protocols/session-effects.ts';
import { createUcamEffects, type UcamEffectsOptions } from '../../../src/protocols/ucam/effects.ts';

const NONCE = 'AAAAAAAAAAAAAAAAAAAAAA';
const URL_OF_RETURN = 'https://portal.example.edu/sso/return';
const NOW = Date.UTC(2026, 0, 15, 12, 0, 2);

/** A key whose signatures are easy to write. */
const keyRing: UcamEffectsOptions['keyRing'] = {
  find: (kid) => (kid === '2' ? (_text, signature) => signature === 'good' : undefined),
};

function effectsWith(options: Partial<UcamEffectsOptions> = {}) {
  return createUcamEffects({
    loginUrl: 'https://raven.example.edu/auth/authenticate.html',
    issuer: 'https://raven.example.edu',
    keyRing,
    sessionEffects: {} as SessionEffects,
    request: {},
    iact: null,
    data: '',
    returnUrl: null,
    requiredPtags: ['current'],
    timeoutMs: 30_000,
    skewMs: 5000,
    ...options,
  });
}

function scopeAt(now = NOW): LoginScope {
  return {
    attempt: '',
    route: null,
    visit: () => {},
    beginAttempt: () => ({ attempt: NONCE, returnUrl: URL_OF_RETURN }),
    reply: emptyReply(),
    loginId: null,
    now: () => now,
    admit: () => Promise.reject(new Error('nobody asks here')),
    keepRequest: () => Promise.reject(new Error('nobody keeps anything here')),
    discardRequest: () => Promise.reject(new Error('nobody erases anything here')),
    account: null,
  };
}

const quiet = { renew: false, gateway: true };
const fresh = { renew: true, gateway: false };
const plain = { renew: false, gateway: false };

describe('the request', () => {
  /** What the browser is sent away with. */
  function requestOf(options: Partial<UcamEffectsOptions> = {}, asked = plain) {
    const scope = scopeAt();
    const event = effectsWith(options).redirectToLogin(asked, scope) as UcamLoginEvent;
    return { event, query: Object.fromEntries(new URL(scope.reply.redirect ?? '').searchParams) };
  }

  test('says who asks, for which attempt and when, and nothing else', () => {
    const { query } = requestOf();
    assert.deepEqual(query, { ver: '3', url: URL_OF_RETURN, params: NONCE, date: '20260115T120002Z' });
  });

  test('says what the application has to say to the person and to the WLS', () => {
    const { query } = requestOf({
      request: { desc: 'Café & co', msg: 'Why <not>?', aauth: ['pwd', 'x-card'], fail: true },
    });
    assert.deepEqual([query.desc, query.msg], ['Caf&#233; &amp; co', 'Why <not>?']);
    assert.deepEqual([query.aauth, query.fail], ['pwd,x-card', 'yes']);
  });

  test('goes to the login URL', () => {
    const scope = scopeAt();
    effectsWith().redirectToLogin(plain, scope);
    assert.match(scope.reply.redirect ?? '', /^https:\/\/raven\.example\.edu\/auth\/authenticate\.html\?ver=3&/);
  });

  for (const [iact, asked, expected] of [
    [null, plain, undefined],
    [null, fresh, 'yes'],
    [null, quiet, 'no'],
    ['yes', plain, 'yes'],
    ['no', plain, 'no'],
    ['no', fresh, 'yes'],
    ['yes', quiet, 'no'],
  ] as const) {
    const page = asked === fresh ? 'demands the password' : asked === quiet ? 'must not prompt' : 'does not care';
    test(`has iact ${expected ?? 'left out'} where the option is ${iact ?? 'not given'} and the page ${page}`, () => {
      assert.equal(requestOf({ iact }, asked).query.iact, expected);
    });
  }

  test('has the data of the application behind the nonce', () => {
    const { query } = requestOf({ data: 'höhe=3!' });
    assert.equal(query.params, `${NONCE}.${Buffer.from('höhe=3!').toString('base64url')}`);
  });

  test('names the return URL of the options where there is one', () => {
    assert.equal(
      requestOf({ returnUrl: 'https://portal.example.edu/raven' }).query.url,
      'https://portal.example.edu/raven',
    );
  });

  test('is told to the machine as it was sent', () => {
    const { event, query } = requestOf({ returnUrl: 'https://portal.example.edu/raven', data: 'x' });
    assert.deepEqual(event, { type: 'redirect.issued', url: query.url, params: query.params, at: NOW });
  });
});

const success = {
  ver: '3',
  status: '200',
  msg: '',
  issue: '20260115T120000Z',
  id: 'id',
  url: URL_OF_RETURN,
  principal: 'test0001',
  ptags: 'current,x-admin',
  auth: 'pwd',
  sso: '',
  life: '36000',
  params: NONCE,
  kid: '2',
  sig: 'good',
};
type Fields = Partial<typeof success>;

const reply = (fields: Fields) => Object.values({ ...success, ...fields }).join('!');
const failing = (status: string, fields: Fields = {}) =>
  reply({ status, principal: '', ptags: '', auth: '', life: '', ...fields });

/** What comes of a reply. */
function eventFor(text: string, options: Partial<UcamEffectsOptions> = {}, asked = plain, now = NOW): UcamLoginEvent {
  const attempt = { url: URL_OF_RETURN, params: NONCE, ...asked };
  return effectsWith(options).verifyReply({ reply: text, ...attempt }, scopeAt(now)) as UcamLoginEvent;
}

function verified(fields: Fields = {}, options: Partial<UcamEffectsOptions> = {}) {
  const event = eventFor(reply(fields), options);
  assert.equal(event.type, 'reply.verified', JSON.stringify(event));
  return event as Extract<UcamLoginEvent, { type: 'reply.verified' }>;
}

describe('a reply that vouches for somebody', () => {
  test('names the person with what the WLS said of them and of this login', () => {
    assert.deepEqual(verified(), {
      type: 'reply.verified',
      principal: {
        issuer: 'https://raven.example.edu',
        id: 'test0001',
        protocol: 'ucam',
        attributes: { ptags: ['current', 'x-admin'], auth: ['pwd'], sso: [] },
        authenticatedAt: Date.UTC(2026, 0, 15, 12, 0, 0),
        fromNewLogin: true,
        longTerm: null,
      },
      lifeMs: 36_000_000,
      at: NOW,
    });
  });

  test('by single sign-on does not tell when credentials were shown', () => {
    const { principal } = verified({ auth: '', sso: 'pwd' });
    assert.deepEqual([principal.authenticatedAt, principal.fromNewLogin], [null, false]);
    assert.deepEqual([principal.attributes.auth, principal.attributes.sso], [[], ['pwd']]);
  });

  for (const [life, lifeMs] of [
    ['', null],
    ['0', 60_000],
    ['59', 60_000],
    ['61', 61_000],
  ] as const) {
    test(`with a life of ${life || 'nothing'} caps the session at ${lifeMs ?? 'nothing'}`, () => {
      assert.equal(verified({ life }).lifeMs, lifeMs);
    });
  }

  test('brings the data of the application back', () => {
    const params = `${NONCE}.${Buffer.from('höhe').toString('base64url')}`;
    const event = effectsWith().verifyReply(
      { reply: reply({ params }), url: URL_OF_RETURN, params, ...plain },
      scopeAt(),
    );
    assert.deepEqual((event as ReturnType<typeof verified>).principal.attributes.params, ['höhe']);
  });
});

describe('every judgement is one event', () => {
  for (const [what, text, expected] of [
    ['nobody knows the tag', reply({ ptags: '' }), { type: 'reply.notCurrent', detail: 'ptags' }],
    ['a field is missing', reply({}).replace('!!', '!'), { type: 'reply.malformed', detail: 'field-count' }],
    ['the signature is wrong', reply({ sig: 'evil' }), { type: 'reply.invalid', detail: 'bad-signature' }],
    ['the key is not known', reply({ kid: '3' }), { type: 'reply.unknownKey', detail: 'unknown-kid' }],
    ['the address is another', reply({ url: 'https://other.example/' }), { type: 'reply.invalid', detail: 'url' }],
    ['the nonce is another', reply({ params: 'BBBBBBBBBBBBBBBBBBBBBB' }), { type: 'reply.invalid', detail: 'params' }],
    ['410', failing('410', { msg: 'bye' }), { type: 'reply.cancelled', said: 'bye' }],
    ['510', failing('510', { msg: 'a' }), { type: 'reply.failed', detail: '510', said: 'a' }],
    ['520', failing('520'), { type: 'reply.failed', detail: '520', said: null }],
    ['530', failing('530'), { type: 'reply.failed', detail: '530', said: null }],
    ['540', failing('540'), { type: 'reply.interactionNeeded', said: null }],
    ['560', failing('560'), { type: 'reply.refused', detail: '560', said: null }],
    ['570', failing('570', { msg: '<b>no' }), { type: 'reply.refused', detail: '570', said: '<b>no' }],
    ['a status of no version', failing('550'), { type: 'reply.invalid', detail: 'unknown-status' }],
    ['410, unsigned', failing('410', { kid: '', sig: '' }), { type: 'reply.cancelled', said: null }],
  ] as const) {
    test(what, () => assert.deepEqual(eventFor(text), expected));
  }
});

test('what the WLS says is cut where it is too long for a page', () => {
  const event = eventFor(failing('570', { msg: 'x'.repeat(5000) }));
  assert.equal((event as { readonly said: string }).said.length, 500);
});

describe('a reply is judged by what its attempt asked', () => {
  const sso: Fields = { auth: '', sso: 'pwd' };
  for (const [what, fields, iact, asked, type] of [
    ['single sign-on where the page demands the password', sso, null, fresh, 'reply.invalid'],
    ['single sign-on where the option demands the password', sso, 'yes', plain, 'reply.invalid'],
    ['single sign-on where the page demands it and the option forbids it', sso, 'no', fresh, 'reply.invalid'],
    ['a password where the page must not prompt', {}, null, quiet, 'reply.invalid'],
    ['a password where the option forbids a prompt', {}, 'no', plain, 'reply.invalid'],
    ['single sign-on where the page must not prompt', sso, null, quiet, 'reply.verified'],
    ['a password where the page demands it', {}, null, fresh, 'reply.verified'],
  ] as const) {
    test(`${what}: ${type}`, () => assert.equal(eventFor(reply(fields), { iact }, asked).type, type));
  }

  test('and by which kinds of authentication will do', () => {
    assert.equal(eventFor(reply({}), { request: { aauth: ['x-card'] } }).type, 'reply.invalid');
    assert.equal(eventFor(reply({ auth: 'x-card' }), { request: { aauth: ['x-card'] } }).type, 'reply.verified');
  });
});

describe('the options of the application', () => {
  test('let people in who are not current', () => {
    assert.equal(verified({ ptags: '' }, { requiredPtags: [] }).principal.id, 'test0001');
  });

  test('say how long a reply may be under way, and how far the clocks may be apart', () => {
    const at = (seconds: number) =>
      eventFor(reply({}), { timeoutMs: 10_000, skewMs: 1000 }, plain, NOW + seconds * 1000).type;
    assert.deepEqual(
      [at(9), at(10), at(-3), at(-4)],
      ['reply.verified', 'reply.invalid', 'reply.verified', 'reply.invalid'],
    );
  });
});
