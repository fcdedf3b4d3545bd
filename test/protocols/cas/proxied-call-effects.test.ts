import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { describe, test } from 'node:test';
import { type ProxiedCallEvent, proxiedCallMachine } from '../../../machines/proxied-call.ts';
import { defineFlow } from '../../../src/flow/flow.ts';
import { runOnce } from '../../../src/flow/run-once.ts';
import { createBackChannel } from '../../../src/http/back-channel.ts';
import type { Claim } from '../../../src/protocols/cas/grant-effects.ts';
import { createProxiedCallEffects } from '../../../src/protocols/cas/proxied-call-effects.ts';
import type { AllowedChains, ProxiedCallScope } from '../../../src/protocols/protocol.ts';
import { listen } from '../../support/portal.ts';
import { alice, json, xml, xmlSuccess } from './documents.ts';

const SERVICE = 'https://api.example.edu/grades?a=1&b=ü';
const TICKET = 'PT-1-marker';
const CALLBACK = 'https://api.example.edu/sso/proxy-callback';
const PORTAL = 'https://portal.example.edu/sso/proxy-callback';
const OTHER = 'https://other.example.edu/callback';
const IOU = '<cas:proxyGrantingTicket>PGTIOU-1-marker</cas:proxyGrantingTicket>';
const through = (...proxies: readonly string[]) =>
  `<cas:proxies>${proxies.map((proxy) => `<cas:proxy>${proxy}</cas:proxy>`).join('')}</cas:proxies>`;
const failure = (code: string, text = '') =>
  xml(`<cas:authenticationFailure code="${code}">${text}</cas:authenticationFailure>`);

interface Call {
  readonly status?: number;
  readonly format?: 'XML' | 'JSON';
  readonly wantsGrant?: boolean;
  readonly allowedChains?: AllowedChains;
  readonly allowDirect?: boolean;
  readonly ticket?: string;
  readonly claimed?: Awaited<ReturnType<Claim>>;
}

/** A call that brings a ticket, where the login server answers so. */
async function call(body: string, setup: Call = {}) {
  const { status = 200, format = 'XML', wantsGrant = false, allowedChains = [[PORTAL]], allowDirect = false } = setup;
  const { claimed = { type: 'grant.claimed', grantId: 'g' }, ticket = TICKET } = setup;
  const asked: URL[] = [];
  const server = createServer((request, response) => {
    asked.push(new URL(request.url ?? '', 'http://host'));
    response.writeHead(status).end(body);
  });
  const url = await listen(server);
  const backChannel = createBackChannel({ origin: url, deadlineMs: 5000, maxBytes: 10_000 });
  const claims: Parameters<Claim>[] = [];
  const effects = createProxiedCallEffects({
    dialect: { version: '3.0', endpoint: `${url}/p3/proxyValidate`, issuer: url, format, samlToleranceMs: 0 },
    backChannel,
    callbackUrl: CALLBACK,
    claim: async (...asking) => {
      claims.push(asking);
      return claimed;
    },
    warn() {},
    clock: Date.now,
  });
  const flow = defineFlow('call', proxiedCallMachine, effects);
  const scope: ProxiedCallScope = { allowedChains, allowDirect, grantExpiresAt: 4_000_000_000_000 };
  const journal: unknown[] = [];
  try {
    const run = { flow, scope, journal: (entry: unknown) => void journal.push(entry), clock: Date.now };
    const brought: ProxiedCallEvent = { type: 'call.ticket', ticket };
    const snapshot = await runOnce(run, { service: SERVICE, wantsGrant }, brought);
    const { value, context } = snapshot;
    return { state: value, context, asked, claims, kept: JSON.stringify([snapshot.context, journal]) };
  } finally {
    await backChannel.close();
    server.closeAllConnections();
    server.close();
  }
}

const good = xmlSuccess(alice + through(PORTAL));

describe('the one question to the login server', () => {
  test('names service and ticket, and nothing else', async () => {
    const { asked } = await call(good);
    assert.deepEqual(
      asked.map(({ pathname, searchParams }) => [pathname, [...searchParams]]),
      [
        [
          '/p3/proxyValidate',
          [
            ['service', SERVICE],
            ['ticket', TICKET],
          ],
        ],
      ],
    );
  });

  test('cannot be given another parameter by a ticket (CVE-2014-4172)', async () => {
    const ticket = 'PT-1&service=https://evil.example/&pgtUrl=https://evil.example/';
    const { asked } = await call(good, { ticket });
    assert.deepEqual(
      [...asked[0]!.searchParams],
      [
        ['service', SERVICE],
        ['ticket', ticket],
      ],
    );
  });

  for (const [wantsGrant, pgtUrl] of [[true, CALLBACK] as const, [false, null] as const]) {
    test(`${pgtUrl ? 'asks' : 'does not ask'} for a grant where one is ${wantsGrant ? '' : 'not '}wanted`, async () => {
      const { asked } = await call(good, { wantsGrant });
      assert.equal(asked[0]?.searchParams.get('pgtUrl'), pgtUrl);
    });
  }

  test('asks for JSON where that is configured', async () => {
    const { asked } = await call(json({}), { format: 'JSON' });
    assert.equal(asked[0]?.searchParams.get('format'), 'JSON');
  });
});

describe('what an answer comes to', () => {
  const answers: readonly (readonly [string, string, number, string, string | null])[] = [
    ['a ticket that is not known', failure('INVALID_TICKET'), 200, 'ERR_SSO_PROXY_TICKET_REJECTED', 'INVALID_TICKET'],
    ['another service', failure('INVALID_SERVICE'), 200, 'ERR_SSO_PROXY_TICKET_REJECTED', 'INVALID_SERVICE'],
    ['a refusal with 400', failure('INVALID_TICKET'), 400, 'ERR_SSO_PROXY_TICKET_REJECTED', 'INVALID_TICKET'],
    ['a service without rights', failure('UNAUTHORIZED_SERVICE'), 200, 'ERR_SSO_CAS_REFUSED', 'UNAUTHORIZED_SERVICE'],
    ['a fault of the server', failure('INTERNAL_ERROR'), 200, 'ERR_SSO_CAS_REFUSED', 'INTERNAL_ERROR'],
    ['a code that is none', failure('no code'), 200, 'ERR_SSO_CAS_REFUSED', 'UNKNOWN_CODE'],
    ['a success with 400', good, 400, 'ERR_SSO_CAS_BAD_STATUS', 'HTTP 400'],
    ['a success with 500', good, 500, 'ERR_SSO_CAS_BAD_STATUS', 'HTTP 500'],
    ['a redirect', '', 302, 'ERR_SSO_CAS_BAD_STATUS', 'HTTP 302'],
    ['a page', '<p>Please wait', 200, 'ERR_SSO_CAS_BAD_ANSWER', 'not XML'],
  ];
  for (const [name, body, status, code, detail] of answers) {
    test(`${name}: ${code}`, async () => {
      const { state, context, asked, claims } = await call(body, { status, wantsGrant: true });
      assert.deepEqual([state, context.failure, context.principal], ['refused', { code, detail }, null]);
      assert.deepEqual([asked.length, claims.length], [1, 0]);
    });
  }

  test('no answer at all: ERR_SSO_CAS_BAD_ANSWER', async () => {
    assert.equal((await call('')).context.failure.code, 'ERR_SSO_CAS_BAD_ANSWER');
  });

  for (const code of ['INVALID_PROXY_CALLBACK', 'UNAUTHORIZED_SERVICE_PROXY', 'PROXY_CALLBACK_ERROR']) {
    test(`${code} refuses the call, and what stands beside it is kept nowhere`, async () => {
      const { context, kept } = await call(failure(code, 'PGT-1-marker'), { wantsGrant: true });
      assert.deepEqual(context.failure, { code: 'ERR_SSO_CAS_REFUSED', detail: code });
      assert.doesNotMatch(kept, /PGT-1-marker/);
    });
  }

  test('a text of the server that quotes the ticket is kept nowhere', async () => {
    assert.doesNotMatch((await call(failure('INVALID_TICKET', TICKET))).kept, /marker/);
  });
});

describe('a ticket that is good', () => {
  for (const [format, body] of [
    ['XML', xmlSuccess(alice + through(PORTAL, OTHER))],
    ['JSON', json({ authenticationSuccess: { user: 'alice', proxies: [PORTAL, OTHER] } })],
  ] as const) {
    test(`brings the person and the chain, the most recent proxy first, in ${format}`, async () => {
      const { state, context } = await call(body, { format, allowedChains: [[PORTAL, OTHER]] });
      assert.deepEqual([state, context.principal?.id, context.proxies], ['accepted', 'alice', [PORTAL, OTHER]]);
    });

    test(`is refused if the chain is allowed the other way round only, in ${format}`, async () => {
      const { context } = await call(body, { format, allowedChains: [[OTHER, PORTAL]] });
      assert.deepEqual([context.failure, context.principal], [{ code: 'ERR_SSO_PROXY_CHAIN', detail: null }, null]);
    });
  }

  test('is refused without proxies, and accepted where people may come themselves', async () => {
    const direct = xmlSuccess(alice);
    assert.equal((await call(direct)).context.failure.code, 'ERR_SSO_PROXY_CHAIN');
    const { state, context } = await call(direct, { allowDirect: true });
    assert.deepEqual([state, context.proxies], ['accepted', []]);
  });

  test('has its grant claimed for the person, until the end that the request says', async () => {
    const { context, claims, kept } = await call(xmlSuccess(alice + IOU + through(PORTAL)), { wantsGrant: true });
    const [[{ principal, grantOffer }, expiresAt]] = claims as [Parameters<Claim>];
    assert.deepEqual([principal.id, grantOffer?.pgtIou], ['alice', 'PGTIOU-1-marker']);
    assert.deepEqual([expiresAt, context.grantId], [4_000_000_000_000, 'g']);
    assert.doesNotMatch(kept, /marker/);
  });

  test('has no grant claimed where none is wanted, or where the chain may not act here', async () => {
    const body = xmlSuccess(alice + IOU + through(PORTAL));
    assert.deepEqual((await call(body)).claims, []);
    assert.deepEqual((await call(body, { wantsGrant: true, allowedChains: [] })).claims, []);
  });

  test('holds even if its grant does not come', async () => {
    const claimed = { type: 'grant.missing', detail: 'not delivered' } as const;
    const { state, context } = await call(good, { wantsGrant: true, claimed });
    assert.deepEqual([state, context.grantId, context.failure], ['accepted', null, null]);
  });
});
