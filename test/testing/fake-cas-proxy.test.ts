import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { XMLParser } from 'fast-xml-parser';
import { type FakeCas, type FakeCasFault, type FakeCasOptions, startFakeCas } from '../../src/testing/index.ts';
import { type CallbackServer, startCallback } from './callback-server.ts';
import { cookieOf, send, signIn } from './http-client.ts';

const service = 'http://localhost:3000/app';
const target = 'imap://mail.example.edu/ Ü&x';
const running: { close(): Promise<void> }[] = [];
let callback: CallbackServer;
let cas: FakeCas;

beforeEach(async () => {
  callback = await startCallback();
  cas = await startCas();
  running.push(callback);
});

afterEach(async () => {
  await Promise.all(running.splice(0).map((each) => each.close()));
});

async function startCas(options: FakeCasOptions = {}): Promise<FakeCas> {
  const started = await startFakeCas(options);
  running.push(started);
  return started;
}

function callbackUrl(name = 'cb'): string {
  return `http://localhost:${callback.port}/${name}`;
}

async function validate(at: FakeCas, parameters: Record<string, string>, endpoint = '/p3/proxyValidate') {
  const { body } = await send(`${at.url}${endpoint}?${new URLSearchParams({ service, ...parameters })}`);
  return new XMLParser({ removeNSPrefix: true, ignoreAttributes: false, attributeNamePrefix: '' }).parse(body)
    .serviceResponse;
}

/** A proxy-granting ticket for alice, or for whoever the ticket belongs to. */
async function grant(at = cas, more: Record<string, string> = {}): Promise<string> {
  const ticket = more.ticket ?? at.issueTicket('alice', service);
  await validate(at, { pgtUrl: callbackUrl(), ticket, ...more });
  return callback.calls.at(-1)?.pgtId ?? '';
}

function proxy(at: FakeCas, parameters: Record<string, string>) {
  return send(`${at.url}/proxy?${new URLSearchParams(parameters)}`);
}

async function proxyTicket(pgt: string, targetService = target, at = cas): Promise<string> {
  const { body } = await proxy(at, { pgt, targetService });
  return /<cas:proxyTicket>(PT-[\w-]+)<\/cas:proxyTicket>/.exec(body)?.[1] ?? assert.fail(body);
}

const codeOf = (body: string) => /<cas:(\w+) code="(\w+)">/.exec(body)?.slice(1).join(' ');

describe('/proxy', () => {
  test('gives proxy tickets again and again, in XML and in JSON', async () => {
    const pgt = await grant();
    const tickets = new Set([await proxyTicket(pgt), await proxyTicket(pgt)]);
    const { body, headers } = await proxy(cas, { pgt, targetService: target, format: 'json' });
    assert.match(headers['content-type'] ?? '', /^application\/json/);
    tickets.add(JSON.parse(body).serviceResponse.proxySuccess.proxyTicket);
    assert.equal(tickets.size, 3);
    assert.equal(cas.counts.proxy, 3);
  });

  test('says INVALID_TICKET to a grant that it does not know', async () => {
    await grant();
    const { status, body } = await proxy(cas, { pgt: 'PGT-1-none', targetService: target });
    assert.deepEqual([status, codeOf(body)], [200, 'proxyFailure INVALID_TICKET']);
  });

  test('does not take the IOU for the grant', async () => {
    await grant();
    const { body } = await proxy(cas, { pgt: callback.calls.at(-1)?.pgtIou ?? '', targetService: target });
    assert.equal(codeOf(body), 'proxyFailure INVALID_TICKET');
  });

  test('says INVALID_REQUEST when something is missing or the format is unknown', async () => {
    const pgt = await grant();
    for (const parameters of [{ pgt }, { targetService: target }, { pgt, targetService: target, format: 'YAML' }]) {
      assert.equal(codeOf((await proxy(cas, parameters)).body), 'proxyFailure INVALID_REQUEST');
    }
  });

  test('says UNAUTHORIZED_SERVICE to a target that is not allowed', async () => {
    const strict = await startCas({ allowTarget: (name) => name === 'http://good/' });
    const pgt = await grant(strict);
    assert.equal(
      codeOf((await proxy(strict, { pgt, targetService: target })).body),
      'proxyFailure UNAUTHORIZED_SERVICE',
    );
    await proxyTicket(pgt, 'http://good/', strict);
  });

  test('fails in JSON when JSON was asked for', async () => {
    const { body } = await proxy(cas, { pgt: 'PGT-1', targetService: target, format: 'JSON' });
    assert.equal(JSON.parse(body).serviceResponse.proxyFailure.code, 'INVALID_TICKET');
  });

  test('fails as other servers do', async () => {
    const django = await startCas({ proxyFailureStyle: 'authenticationFailure' });
    const answer = await proxy(django, { pgt: 'PGT-1', targetService: target });
    assert.equal(codeOf(answer.body), 'authenticationFailure INVALID_TICKET');
    const lemon = await startCas({ proxyFailureStyle: 'http-500' });
    const { status, headers } = await proxy(lemon, { pgt: 'PGT-1', targetService: target });
    assert.equal(status, 500);
    assert.match(headers['content-type'] ?? '', /^text\/plain/);
    await proxyTicket(await grant(lemon), target, lemon);
  });
});

describe('a proxy ticket', () => {
  test('validates once, at proxyValidate, for exactly its target, and names the proxy', async () => {
    const ticket = await proxyTicket(await grant());
    const { authenticationSuccess } = await validate(cas, { ticket, service: target });
    assert.equal(authenticationSuccess.user, 'alice');
    assert.deepEqual(authenticationSuccess.proxies, { proxy: callbackUrl() });
    assert.equal(authenticationSuccess.attributes.displayName, 'Alice Liddell');
    assert.equal(authenticationSuccess.attributes.isFromNewLogin, false);
    const again = await validate(cas, { ticket, service: target });
    assert.equal(again.authenticationFailure.code, 'INVALID_TICKET');
  });

  test('is not for serviceValidate, another service or renew', async () => {
    const pgt = await grant(cas, { ticket: cas.issueTicket('alice', service, { renew: true }), renew: 'true' });
    const code = async (more: Record<string, string>, endpoint?: string) =>
      (await validate(cas, { ticket: await proxyTicket(pgt), service: target, ...more }, endpoint))
        .authenticationFailure?.code;
    assert.equal(await code({}, '/p3/serviceValidate'), 'INVALID_TICKET');
    assert.equal(await code({ service: `${target}/` }), 'INVALID_SERVICE');
    assert.equal(await code({ renew: 'true' }), 'INVALID_TICKET');
    assert.equal(await code({}), undefined);
  });

  test('can bring a grant itself, and the chain grows at its front', async () => {
    let pgt = await grant(cas, { pgtUrl: callbackUrl('a') });
    for (const name of ['b', 'c']) {
      pgt = await grant(cas, { ticket: await proxyTicket(pgt), service: target, pgtUrl: callbackUrl(name) });
    }
    const { proxies } = (await validate(cas, { ticket: await proxyTicket(pgt), service: target }))
      .authenticationSuccess;
    assert.deepEqual(proxies.proxy, [callbackUrl('c'), callbackUrl('b'), callbackUrl('a')]);
  });

  test('keeps the chain that an issued ticket came with', async () => {
    const pgt = await grant(cas, { ticket: cas.issueTicket('alice', service, { proxies: ['https://first/'] }) });
    const { body } = await send(
      `${cas.url}/proxyValidate?${new URLSearchParams({ ticket: await proxyTicket(pgt), service: target, format: 'JSON' })}`,
    );
    const { proxies } = JSON.parse(body).serviceResponse.authenticationSuccess;
    assert.deepEqual(proxies, [callbackUrl(), 'https://first/']);
  });
});

describe('a proxy-granting ticket', () => {
  const isDead = async (pgt: string) =>
    codeOf((await proxy(cas, { pgt, targetService: target })).body) === 'proxyFailure INVALID_TICKET';

  async function grantOfBrowser(): Promise<{ pgt: string; cookie: string }> {
    const answer = await signIn(cas.url, 'alice', 'wonderland', `?service=${encodeURIComponent(service)}`);
    const ticket = new URL(answer.headers.location ?? '').searchParams.get('ticket') ?? '';
    return { pgt: await grant(cas, { ticket }), cookie: cookieOf(answer) };
  }

  test('dies with its session, and its proxy tickets and the grants of those do as well', async () => {
    const [one, two] = [await grantOfBrowser(), await grantOfBrowser()];
    const chained = await grant(cas, { ticket: await proxyTicket(one.pgt), service: target });
    const pending = await proxyTicket(one.pgt);
    assert.equal(cas.grants, 3);
    await send(`${cas.url}/logout`, { cookie: one.cookie });
    assert.equal(cas.grants, 1);
    assert.deepEqual([await isDead(one.pgt), await isDead(chained), await isDead(two.pgt)], [true, true, false]);
    const { authenticationFailure } = await validate(cas, { ticket: pending, service: target });
    assert.equal(authenticationFailure.code, 'INVALID_TICKET');
    cas.signOutEverybody();
    assert.equal(await isDead(two.pgt), true);
  });

  test('of an issued ticket depends on no session, and dies when grants are expired', async () => {
    const pgt = await grant();
    cas.signOutEverybody();
    const pending = await proxyTicket(pgt);
    assert.equal(cas.grants, 1);
    cas.expireGrants();
    assert.equal(cas.grants, 0);
    assert.equal(await isDead(pgt), true);
    assert.equal((await validate(cas, { ticket: pending, service: target })).authenticationSuccess.user, 'alice');
    await proxyTicket(await grant());
  });

  test('of one person dies alone when the grants of that person are expired', async () => {
    const [alice, bob] = [await grant(), await grant(cas, { ticket: cas.issueTicket('bob', service) })];
    cas.expireGrants('alice');
    assert.deepEqual([await isDead(alice), await isDead(bob)], [true, false]);
    cas.expireGrants('nobody');
    assert.equal(cas.grants, 1);
  });
});

describe('misbehave at /proxy', () => {
  let pgt: string;
  beforeEach(async () => {
    pgt = await grant();
  });

  function misbehaving(fault: FakeCasFault, more: Record<string, string> = {}) {
    cas.misbehave(fault, { endpoint: 'proxy' });
    return proxy(cas, { pgt, targetService: target, ...more });
  }

  test('spoils no validation', async () => {
    cas.misbehave('status-500', { endpoint: 'proxy' });
    assert.ok((await validate(cas, { ticket: cas.issueTicket('bob', service) })).authenticationSuccess);
    assert.equal((await proxy(cas, { pgt, targetService: target })).status, 500);
    await proxyTicket(pgt);
  });

  test('fails with any code, in the format and the style of the server', async () => {
    const fault = { kind: 'failure', code: 'BAD_PGT', message: 'a < b' } as const;
    assert.match((await misbehaving(fault)).body, /<cas:proxyFailure code="BAD_PGT">a &lt; b</);
    const { body } = await misbehaving(fault, { format: 'JSON' });
    assert.deepEqual(JSON.parse(body).serviceResponse, { proxyFailure: { code: 'BAD_PGT', description: 'a < b' } });
    const lemon = await startCas({ proxyFailureStyle: 'http-500' });
    lemon.misbehave(fault, { endpoint: 'proxy' });
    assert.equal(codeOf((await proxy(lemon, { pgt, targetService: target })).body), 'proxyFailure BAD_PGT');
  });

  test('rewards whoever follows a redirect with a proxy ticket', async () => {
    const answer = await misbehaving('redirect');
    assert.equal(answer.status, 302);
    const { body } = await send(answer.headers.location ?? '');
    const ticket = /<cas:proxyTicket>(PT-[\w-]+)</.exec(body)?.[1] ?? '';
    assert.equal((await validate(cas, { ticket, service: target })).authenticationSuccess.user, 'alice');
  });

  test('is truncated after the ticket, cut in the body, or padded with a proxy ticket in it', async () => {
    assert.match((await misbehaving('truncated')).body, /<\/cas:proxyTicket>$/);
    await assert.rejects(misbehaving('drop-after-headers'), { code: 'ECONNRESET' });
    const { bytes } = await misbehaving('huge');
    assert.ok(bytes.length > 50 * 1024 * 1024);
    assert.match(bytes.subarray(0, 300).toString(), /<cas:proxyTicket>PT-/);
  });

  test('knows every general fault and none that concerns users or callbacks', async () => {
    for (const fault of ['two-users', 'proxied', 'no-callback', { kind: 'late-callback', ms: 1 }] as const) {
      assert.throws(() => cas.misbehave(fault, { endpoint: 'proxy' }), TypeError);
    }
    assert.equal((await misbehaving('status-404')).status, 404);
    assert.equal((await misbehaving('empty')).body, '');
    assert.match((await misbehaving('html-error')).body, /maintenance/);
    assert.match((await misbehaving({ kind: 'slow', ms: 1 })).body, /PT-/);
    await assert.rejects(misbehaving('drop-before-headers'), { code: 'ECONNRESET' });
  });
});
