import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { describe, test } from 'node:test';
import { proxyCallbackMachine } from '../../../machines/proxy-callback.ts';
import { proxyTicketMachine } from '../../../machines/proxy-ticket.ts';
import { defineFlow } from '../../../src/flow/flow.ts';
import { runOnce } from '../../../src/flow/run-once.ts';
import { createBackChannel } from '../../../src/http/back-channel.ts';
import { createProxyCallbackEffects, createProxyTicketEffects } from '../../../src/protocols/cas/proxy-effects.ts';
import { createMemoryKeyv } from '../../../src/storage/memory-store.ts';
import { createProxyGrants } from '../../../src/storage/proxy-grants.ts';
import { createStore } from '../../../src/storage/store.ts';
import { listen } from '../../support/portal.ts';

const SERVICE = 'https://api.example.edu/grades?a=1';
const PGT = 'PGT-1-marker';
const XMLNS = 'xmlns:cas="http://www.yale.edu/tp/cas"';
const outcome = (text: string) => `<cas:serviceResponse ${XMLNS}>${text}</cas:serviceResponse>`;
const ISSUED = outcome('<cas:proxySuccess><cas:proxyTicket>PT-1-x</cas:proxyTicket></cas:proxySuccess>');
const failure = (code: string, name = 'proxyFailure') => outcome(`<cas:${name} code="${code}">${PGT}</cas:${name}>`);
const UNKNOWN_TICKET = failure('INVALID_TICKET', 'authenticationFailure');

type Answer = readonly [status: number, body: string];

function newGrants() {
  const store = createStore({
    keyv: createMemoryKeyv(),
    secrets: ['a secret of the tests, long enough for everybody'],
  });
  return createProxyGrants({ store, clock: Date.now, random: randomBytes });
}

/** Asks for a ticket at a server that gives these answers at `/proxy`, one after the other, and one at `/validate`. */
async function ask(proxyAnswers: readonly Answer[], validateAnswer: Answer = [200, UNKNOWN_TICKET]) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const isProxy = request.url?.startsWith('/proxy?');
    const proxied = asked.filter((url) => url.startsWith('/proxy?')).length;
    const [status, body] = isProxy ? (proxyAnswers[proxied - 1] ?? [500, '']) : validateAnswer;
    response.writeHead(status).end(body);
  });
  const url = await listen(server);
  const backChannel = createBackChannel({ origin: url, deadlineMs: 5000, maxBytes: 10_000 });
  const grants = newGrants();
  const grantId = await grants.keep({
    pgt: PGT,
    principal: { issuer: url, id: 'alice' },
    expiresAt: Date.now() + 60_000,
  });
  const endpoints = { proxyEndpoint: `${url}/proxy`, validateEndpoint: `${url}/validate` };
  const flow = defineFlow(
    'ticket',
    proxyTicketMachine,
    createProxyTicketEffects({ ...endpoints, backChannel, validateChannel: backChannel, grants }),
  );
  const scope: { ticket: string | null } = { ticket: null };
  const steps: unknown[] = [];
  try {
    const run = { flow, scope, journal: (entry: unknown) => void steps.push(entry), clock: Date.now };
    const { value, context } = await runOnce(run, { grantId, service: SERVICE });
    return {
      state: value,
      failure: context.failure,
      ticket: scope.ticket,
      asked,
      steps,
      grant: await grants.find(grantId),
    };
  } finally {
    await backChannel.close();
    server.closeAllConnections();
    server.close();
  }
}

describe('a request for a proxy ticket', () => {
  test('sends PGT and service, encoded, and gives the ticket', async () => {
    const { state, ticket, asked } = await ask([[200, ISSUED]]);
    assert.deepEqual([state, ticket], ['issued', 'PT-1-x']);
    const { searchParams } = new URL(asked[0] ?? '', 'http://host');
    assert.deepEqual([searchParams.get('pgt'), searchParams.get('targetService'), asked.length], [PGT, SERVICE, 1]);
  });

  for (const [code, name] of [['INVALID_TICKET'], ['BAD_PGT'], ['INVALID_TICKET', 'authenticationFailure']] as const) {
    test(`takes ${code} as ${name ?? 'proxyFailure'} for a grant that is gone, and throws it away`, async () => {
      const { state, failure: why, grant } = await ask([[200, failure(code, name)]]);
      assert.deepEqual([state, why.code, grant], ['loginRequired', 'ERR_SSO_PROXY_GRANT_EXPIRED', undefined]);
    });
  }

  test('keeps the code of a refusal, and the grant', async () => {
    const { state, failure: why, grant } = await ask([[403, failure('UNAUTHORIZED_SERVICE')]]);
    assert.deepEqual([state, why.code, why.detail], ['refused', 'ERR_SSO_PROXY_REFUSED', 'UNAUTHORIZED_SERVICE']);
    assert.ok(grant);
  });

  test('takes an error twice from a server that is well otherwise for a grant that is gone', async () => {
    assert.equal(
      (
        await ask([
          [500, ''],
          [500, ''],
        ])
      ).state,
      'loginRequired',
    );
  });

  test('takes an error from a server that is broken altogether for an outage', async () => {
    const {
      state,
      failure: why,
      grant,
    } = await ask(
      [
        [500, ''],
        [500, ''],
      ],
      [500, ''],
    );
    assert.deepEqual([state, why.code], ['unavailable', 'ERR_SSO_CAS_BAD_STATUS']);
    assert.ok(grant);
  });

  test('takes the ticket that a second look brings', async () => {
    assert.deepEqual(
      (
        await ask([
          [500, ''],
          [200, ISSUED],
        ])
      ).ticket,
      'PT-1-x',
    );
  });

  for (const [what, answer, code] of [
    ['HTML', [200, '<p>Oops'], 'ERR_SSO_CAS_BAD_ANSWER'],
    ['a redirect', [302, ISSUED], 'ERR_SSO_CAS_BAD_STATUS'],
    ['a ticket with a 404', [404, ISSUED], 'ERR_SSO_CAS_BAD_STATUS'],
  ] as const) {
    test(`gets no ticket from ${what}`, async () => {
      const { ticket, failure: why } = await ask([answer]);
      assert.deepEqual([ticket, why.code], [null, code]);
    });
  }

  test('leaves the PGT, which the text of a failure quotes, out of journal and failure', async () => {
    const { steps, failure: why } = await ask([[200, failure('UNAUTHORIZED_SERVICE')]]);
    assert.doesNotMatch(JSON.stringify([steps, why]), /marker/);
  });
});

describe('the proxy callback', () => {
  const call = async (grants: ReturnType<typeof newGrants>, event: { type: string }) => {
    const flow = defineFlow('callback', proxyCallbackMachine, createProxyCallbackEffects(grants));
    const scope = { status: 0 };
    await runOnce({ flow, scope, journal: () => {}, clock: Date.now }, undefined, event);
    return scope.status;
  };
  const delivery = { type: 'callback.delivered', pgtIou: 'PGTIOU-1', pgtId: PGT };

  test('has stored a delivery by the time it answers', async () => {
    const grants = newGrants();
    assert.equal(await call(grants, delivery), 200);
    assert.equal(await grants.claim('PGTIOU-1', 1), PGT);
  });

  test('answers a probe and a malformed call, and stores nothing', async () => {
    const grants = newGrants();
    assert.equal(await call(grants, { type: 'callback.probed' }), 200);
    assert.equal(await call(grants, { type: 'callback.malformed' }), 400);
    assert.equal(await grants.claim('PGTIOU-1', 1), undefined);
  });
});
