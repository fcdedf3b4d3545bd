import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { XMLValidator } from 'fast-xml-parser';
import { type FakeCas, type FakeCasFault, startFakeCas } from '../../src/testing/index.ts';
import { type Sent, send } from './http-client.ts';

const service = 'http://localhost:3000/app';
let cas: FakeCas;

before(async () => {
  cas = await startFakeCas();
});
afterEach(() => cas.behave());
after(() => cas.close());

/** Validates a good ticket of bob. */
function validate(more: Record<string, string> = {}, sent?: Sent) {
  const ticket = cas.issueTicket('bob', service);
  return send(`${cas.url}/p3/serviceValidate?${new URLSearchParams({ service, ticket, ...more })}`, sent);
}

function misbehaving(fault: FakeCasFault, more?: Record<string, string>) {
  cas.misbehave(fault);
  return validate(more);
}

const bob = /<cas:user>bob<\/cas:user>/;

describe('misbehave', () => {
  test('spoils one validation and no login', async () => {
    cas.misbehave('status-500');
    assert.equal((await send(`${cas.url}/login`)).status, 200);
    assert.equal((await validate()).status, 500);
    assert.match((await validate()).body, bob);
  });

  test('spoils as many as it is told, and then goes on to the next fault', async () => {
    cas.misbehave('status-500', { times: 2 });
    cas.misbehave('status-404');
    const seen = [];
    for (let round = 0; round < 4; round += 1) seen.push((await validate()).status);
    assert.deepEqual(seen, [500, 500, 404, 200]);
  });

  test('spoils all of them until it is told to behave', async () => {
    cas.misbehave('status-500', { times: Infinity });
    for (let round = 0; round < 3; round += 1) assert.equal((await validate()).status, 500);
    cas.behave();
    assert.equal((await validate()).status, 200);
  });

  test('spoils login and logout', async () => {
    cas.misbehave('status-500', { endpoint: 'login' });
    cas.misbehave('html-error', { endpoint: 'logout' });
    assert.equal((await send(`${cas.url}/login`)).status, 500);
    assert.match((await send(`${cas.url}/logout`)).body, /maintenance/);
  });

  test('knows which faults make no sense at a login page', () => {
    assert.throws(() => cas.misbehave('two-users', { endpoint: 'login' }), TypeError);
    assert.throws(() => cas.misbehave({ kind: 'failure', code: 'X' }, { endpoint: 'logout' }), TypeError);
    assert.doesNotThrow(() => cas.misbehave({ kind: 'slow', ms: 1 }, { endpoint: 'logout' }));
  });

  test('knows how often something can happen', () => {
    for (const times of [0, -1, 1.5, Number.NaN]) assert.throws(() => cas.misbehave('hang', { times }), TypeError);
  });

  test('spends the ticket, as a server does whose answer is lost', async () => {
    const ticket = cas.issueTicket('bob', service);
    const address = `${cas.url}/serviceValidate?${new URLSearchParams({ service, ticket })}`;
    cas.misbehave('drop-before-headers');
    await assert.rejects(send(address));
    assert.match((await send(address)).body, /INVALID_TICKET/);
  });
});

describe('fault', () => {
  test('slow: the right answer, later', async () => {
    assert.match((await misbehaving({ kind: 'slow', ms: 5 })).body, bob);
  });

  test('hang: no answer before the client gives up', async () => {
    cas.misbehave('hang');
    const patience = new AbortController();
    const seen = cas.counts.validate;
    const refused = assert.rejects(validate({}, { signal: patience.signal }), { name: 'AbortError' });
    while (cas.counts.validate === seen) await new Promise(setImmediate);
    patience.abort();
    await refused;
  });

  test('hang: close ends it', async () => {
    const other = await startFakeCas();
    other.misbehave('hang');
    const answer = send(`${other.url}/serviceValidate`);
    const refused = assert.rejects(answer);
    while (other.counts.validate === 0) await new Promise(setImmediate);
    await other.close();
    await refused;
  });

  test('drop-before-headers: the connection is cut', async () => {
    await assert.rejects(misbehaving('drop-before-headers'), { code: 'ECONNRESET' });
  });

  test('drop-after-headers: the connection is cut in the body', async () => {
    await assert.rejects(misbehaving('drop-after-headers'), { code: 'ECONNRESET', message: 'aborted' });
  });

  test('html-error: 200 and not well-formed XML', async () => {
    const answer = await misbehaving('html-error');
    assert.equal(answer.status, 200);
    assert.notEqual(XMLValidator.validate(answer.body), true);
  });

  test('status-404', async () => {
    assert.equal((await misbehaving('status-404')).status, 404);
  });

  test('redirect: whoever follows finds a success', async () => {
    const answer = await misbehaving('redirect');
    assert.equal(answer.status, 302);
    assert.match((await send(answer.headers.location ?? '')).body, bob);
  });

  test('huge: a well-formed success of 50 MB', async () => {
    const { bytes } = await misbehaving('huge');
    assert.ok(bytes.length > 50 * 1024 * 1024);
    assert.match(bytes.subarray(0, 300).toString(), bob);
    assert.match(bytes.subarray(-100).toString(), /<\/cas:serviceResponse>\s*$/);
  });

  test('huge: a client that hangs up early does no harm', async () => {
    cas.misbehave('huge');
    const patience = new AbortController();
    const answer = validate({}, { signal: patience.signal });
    const refused = assert.rejects(answer);
    const seen = cas.counts.validate;
    while (cas.counts.validate === seen) await new Promise(setImmediate);
    patience.abort();
    await refused;
    assert.match((await validate()).body, bob);
  });

  test('bomb: little on the wire, much behind it', async () => {
    const answer = await misbehaving('bomb');
    assert.equal(answer.headers['content-encoding'], 'gzip');
    assert.ok(answer.bytes.length < 1024 * 1024);
    assert.throws(() => gunzipSync(answer.bytes, { maxOutputLength: 8 * 1024 * 1024 }), {
      code: 'ERR_BUFFER_TOO_LARGE',
    });
  });

  test('truncated: the user is there, the end is not', async () => {
    const { body } = await misbehaving('truncated');
    assert.match(body, bob);
    assert.doesNotMatch(body, /<\/cas:serviceResponse>/);
  });

  test('empty', async () => {
    const answer = await misbehaving('empty');
    assert.equal(answer.status, 200);
    assert.equal(answer.body, '');
  });

  test('wrong-namespace', async () => {
    const { body } = await misbehaving('wrong-namespace');
    assert.match(body, bob);
    assert.doesNotMatch(body, /yale/);
  });

  test('two-outcomes, in XML and in JSON', async () => {
    assert.match((await misbehaving('two-outcomes')).body, /authenticationSuccess.*authenticationFailure/s);
    const { serviceResponse } = JSON.parse((await misbehaving('two-outcomes', { format: 'JSON' })).body);
    assert.deepEqual(Object.keys(serviceResponse), ['authenticationSuccess', 'authenticationFailure']);
  });

  test('two-users', async () => {
    assert.equal((await misbehaving('two-users')).body.match(/<cas:user>/g)?.length, 2);
  });

  test('doctype: the user is an entity', async () => {
    const { body } = await misbehaving('doctype');
    assert.match(body, /<!ENTITY who "bob">/);
    assert.match(body, /<cas:user>&who;<\/cas:user>/);
  });

  test('bad-charset: one byte is not UTF-8', async () => {
    const { bytes } = await misbehaving('bad-charset');
    assert.throws(() => new TextDecoder('utf-8', { fatal: true }).decode(bytes), TypeError);
  });

  test('failure: any code, in the format that was asked for', async () => {
    const xml = await misbehaving({ kind: 'failure', code: 'INTERNAL_ERROR', message: 'a < b' });
    assert.match(xml.body, /code="INTERNAL_ERROR">a &lt; b</);
    const json = await misbehaving({ kind: 'failure', code: 'X' }, { format: 'JSON' });
    assert.equal(JSON.parse(json.body).serviceResponse.authenticationFailure.code, 'X');
  });

  test('proxied: a service ticket that came through a proxy', async () => {
    const { body } = await misbehaving('proxied');
    assert.match(body, bob);
    assert.match(body, /<cas:proxy>https:\/\/proxy\.example\.org\/callback<\/cas:proxy>/);
  });

  test('the success of a fault names the first user when the ticket is not good', async () => {
    assert.match((await misbehaving('two-users', { ticket: 'ST-none' })).body, /<cas:user>alice</);
  });
});
