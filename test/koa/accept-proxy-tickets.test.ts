import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Context } from 'koa';
import type { Sso } from '../../src/index.ts';
import { guardedApi, PORTAL } from '../support/proxied-calls.ts';
import type { RawAnswer } from './support.ts';

/** Who the service says was called for. */
function userIn({ status, body }: RawAnswer) {
  assert.equal(status, 200, body);
  return JSON.parse(body).user;
}

/** Everything that an application looks at to learn what it was asked. */
function showRequest(ctx: Context): void {
  const { url, originalUrl, path, search, querystring, query, href, URL: parsed, headers } = ctx;
  const { originalUrl: requested } = ctx.request;
  const raw = { url: ctx.req.url };
  ctx.body = { url, originalUrl, requested, path, search, querystring, query, href, parsed, headers, raw };
}

describe('where a ticket comes from', () => {
  test('a call with a ticket in its query is let in for the person', async (t) => {
    const { call } = await guardedApi(t);
    assert.equal(userIn(await call('/grades')).id, 'alice');
  });

  for (const scheme of ['CAS', 'cas', 'Cas']) {
    test(`a call with a ticket in “Authorization: ${scheme}” is let in for the person`, async (t) => {
      const { send, ticketFor } = await guardedApi(t);
      const authorization = `${scheme} ${ticketFor('/grades?of=2026')}`;
      assert.equal(userIn(await send('/grades?of=2026', { headers: { authorization } })).id, 'alice');
    });
  }

  test('of two tickets the one in the header counts, and both are taken away', async (t) => {
    const { send, ticketFor, fakeCas } = await guardedApi(t, { answer: showRequest });
    const [first, second] = [ticketFor('/'), ticketFor('/', { user: 'bob' })];
    const { body } = await send(`/?ticket=${second}`, { headers: { authorization: `CAS ${first}` } });
    assert.deepEqual(
      fakeCas.validations.map(({ ticket }) => ticket),
      [first],
    );
    assert.doesNotMatch(body, /[PS]T-\d/);
  });

  test('of two tickets in the query the last counts, and what stands before it belongs to the address', async (t) => {
    const { send, ticketFor, fakeCas } = await guardedApi(t, { answer: showRequest });
    const address = '/?ticket=ST-of-the-application&a=1';
    const last = ticketFor(address);
    const { status, body } = await send(`${address}&ticket=${last}`);
    assert.deepEqual([status, fakeCas.validations.length, fakeCas.validations[0]?.ticket], [200, 1, last]);
    assert.match(body, /ST-of-the-application/);
    assert.doesNotMatch(body, /PT-\d/);
  });

  test('a ticket under an encoded name is taken and taken away', async (t) => {
    const { send, ticketFor } = await guardedApi(t, { answer: showRequest });
    const { status, body } = await send(`/?%74icket=${ticketFor('/')}`);
    assert.equal(status, 200, body);
    assert.doesNotMatch(body, /PT-\d/);
  });

  test('another Authorization header is none of ours, and stays', async (t) => {
    const { call, send } = await guardedApi(t);
    const headers = { authorization: 'Bearer of-the-application' };
    assert.equal((await send('/', { headers })).status, 401);
    const { body } = await call('/', { headers });
    assert.equal(JSON.parse(body).authorization, headers.authorization);
  });

  test('a parameter of the application that is called ticket is none of ours, and stays', async (t) => {
    const { call, send } = await guardedApi(t);
    assert.equal(JSON.parse((await send('/seat?ticket=42')).body).error.code, 'ERR_SSO_PROXY_TICKET_REQUIRED');
    const { body } = await call('/seat?ticket=42');
    assert.equal(JSON.parse(body).url, '/seat?ticket=42');
  });
});

describe('what the application sees of a ticket', () => {
  for (const where of ['query', 'header'] as const) {
    test(`nothing, when it came in the ${where}`, async (t) => {
      const { send, ticketFor } = await guardedApi(t, { answer: showRequest });
      const ticket = ticketFor('/grades?of=2026');
      const { status, body } = await (where === 'query'
        ? send(`/grades?of=2026&ticket=${ticket}`)
        : send('/grades?of=2026', { headers: { authorization: `CAS ${ticket}` } }));
      assert.equal(status, 200, body);
      assert.ok(!body.includes(ticket), body);
      const { url, originalUrl, requested, query, headers } = JSON.parse(body);
      assert.deepEqual([url, originalUrl, requested], Array(3).fill('/grades?of=2026'));
      assert.deepEqual([query, headers.authorization], [{ of: '2026' }, undefined]);
    });
  }

  test('nothing in ctx.URL, although somebody in front of the guard has looked at it', async (t) => {
    const { call } = await guardedApi(t, {
      answer: showRequest,
      before: (app) => app.use((ctx, next) => (ctx.URL.pathname === '/grades' ? next() : undefined)),
    });
    const { status, body } = await call('/grades');
    assert.equal(status, 200, body);
    assert.doesNotMatch(body, /PT-/);
  });

  test('nothing in what a logger in front of the guard writes when the call is over', async (t) => {
    const lines: string[] = [];
    const { call } = await guardedApi(t, {
      before: (app) =>
        app.use(async (ctx, next) => {
          await next();
          lines.push(`${ctx.method} ${ctx.originalUrl} ${ctx.url} ${ctx.href} ${ctx.status}`);
        }),
    });
    await call('/grades');
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? '', / 200$/);
    assert.doesNotMatch(lines[0] ?? '', /PT-/);
  });

  for (const rest of [
    'a=1&b=2',
    'a=%20b+c%2B&d=%C3%A4',
    'q=%zz&r=%',
    'a&&b=',
    '&a=1',
    'a=$$&b=$&c=3',
    "a=$'&b=$`&c=$1",
    'a={b}|c&d="e"',
    'Ticket=PT-1&tickets=PT-2',
  ]) {
    for (const [place, withTicket] of [
      ['in front of', (ticket: string) => `ticket=${ticket}&${rest}`],
      ['behind', (ticket: string) => `${rest}&ticket=${ticket}`],
    ] as const) {
      test(`every byte of ${rest} when the ticket stands ${place} it`, async (t) => {
        const { send, ticketFor, api } = await guardedApi(t);
        const { status, body } = await send(`/search?${withTicket(ticketFor(`/search?${rest}`))}`);
        assert.equal(status, 200, body);
        assert.deepEqual(api.seen, [`/search?${rest}`]);
      });
    }
  }

  test('every byte on both sides of a ticket in the middle', async (t) => {
    const { send, ticketFor, api } = await guardedApi(t);
    await send(`/search?a=%20&ticket=${ticketFor('/search?a=%20&b=+')}&b=+`);
    assert.deepEqual(api.seen, ['/search?a=%20&b=+']);
  });

  test('no question mark where the ticket was the whole query', async (t) => {
    const { call, api } = await guardedApi(t);
    await call('/grades');
    assert.deepEqual(api.seen, ['/grades']);
  });
});

describe('what the application sees of the caller', () => {
  test('the person as after a login, and the proxies, the most recent first', async (t) => {
    const chain = [PORTAL, 'https://first.example.edu/callback'];
    const { call, fakeCas } = await guardedApi(t, { accept: { allowedChains: [chain] } });
    const { authenticatedAt, loggedInAt, expiresAt, ...user } = userIn(await call('/', { proxies: chain }));
    assert.deepEqual(user, {
      issuer: fakeCas.url,
      id: 'alice',
      protocol: 'cas',
      attributes: {
        authenticationDate: user.attributes.authenticationDate,
        isFromNewLogin: ['false'],
        longTermAuthenticationRequestTokenUsed: ['false'],
        displayName: ['Alice Liddell'],
        mail: ['alice@example.edu'],
        eduPersonAffiliation: ['student', 'member'],
      },
      fromNewLogin: false,
      longTerm: false,
      account: null,
      proxies: chain,
    });
    for (const date of [authenticatedAt, loggedInAt, expiresAt]) assert.ok(Date.parse(date) > 0, date);
  });

  test('the same from ctx.sso.user(), without a session', async (t) => {
    const { call } = await guardedApi(t, {
      async answer(ctx) {
        const { sso } = ctx as unknown as { sso: Sso };
        const { proxies, ...user } = ctx.state.user;
        ctx.body = { user: await sso.user(), same: user, proxies };
      },
    });
    const { status, body } = await call('/');
    assert.equal(status, 200, body);
    const { user, same } = JSON.parse(body);
    assert.equal(user.id, 'alice');
    assert.deepEqual(user, same);
  });

  for (const user of ['zoë', "o'neil&<co>"]) {
    test(`the name ${user} as the login server has it`, async (t) => {
      const { call } = await guardedApi(t);
      assert.equal(userIn(await call('/', { user })).id, user);
    });
  }

  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
    test(`a ${method} with its body untouched`, async (t) => {
      const { call } = await guardedApi(t, {
        async answer(ctx) {
          const parts: Buffer[] = [];
          for await (const part of ctx.req) parts.push(part as Buffer);
          ctx.body = { user: ctx.state.user, method: ctx.method, text: Buffer.concat(parts).toString() };
        },
      });
      const text = 'ticket=PT-of-the-application&name=%C3%A4';
      const headers = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': `${text.length}` };
      const answer = await call('/orders', { method, headers, body: text });
      assert.equal(userIn(answer).id, 'alice');
      assert.deepEqual([JSON.parse(answer.body).method, JSON.parse(answer.body).text], [method, text]);
    });
  }

  test('a HEAD like a GET', async (t) => {
    const { call, api } = await guardedApi(t);
    const { status, body } = await call('/grades', { method: 'HEAD' });
    assert.deepEqual([status, body, api.seen], [200, '', ['/grades']]);
  });
});
