import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import Keyv from 'keyv';
import { toEcs } from '../../src/journal/ecs.ts';
import { toOcsf } from '../../src/journal/ocsf.ts';
import { canonicalJson, JOURNAL_FLOW, type JournalRecord, parseRecord } from '../../src/journal/record.ts';
import { functionSink, keyvSink, pinoSink } from '../../src/journal/sinks.ts';
import { entry, foundIn, journalOf, NODE } from './support.ts';

const record = (change: Partial<JournalRecord> = {}): JournalRecord => ({
  ...entry(),
  seq: 7,
  node: NODE,
  prev: 'hash-6',
  key: 'key-id',
  hash: 'hash-7',
  ...change,
});
const success = record({ from: 'openingSession', to: 'authenticated', event: 'session.opened', outcome: 'success' });
const failure = record({ to: 'failed', outcome: 'failure', code: 'ERR_SSO_TICKET_REJECTED', subject: null });
const logout = record({ to: 'loggedOut', event: 'logout.requested', outcome: 'ended', done: true });
const ticket = record({ flow: 'cas-ticket', event: 'ticket.issued', to: 'issued', outcome: 'success' });

describe('a Keyv', () => {
  test('keeps each record, and the chain goes on over restarts', async () => {
    const keyv = new Keyv();
    for (let run = 0; run < 2; run += 1) {
      const { listener, close } = journalOf([keyvSink(keyv)]);
      listener(entry());
      await close();
    }
    const lines = await Promise.all([1, 2, 3, 4].map((seq) => keyv.get<string>(`journal:${NODE}:${seq}`)));
    const { node, ...head } = JSON.parse((await keyv.get(`journal:${NODE}:head`))!);
    assert.equal(node, NODE);
    assert.deepEqual(head, { seq: 4, hash: JSON.parse(lines[3]!).hash });
    assert.deepEqual(foundIn(lines as string[], { heads: new Map([[NODE, head]]) }), []);
  });

  test('keeps records for a time, and where the chain ends for ever', async () => {
    const ttls: [string, number | undefined][] = [];
    const keyv = {
      get: async () => undefined,
      set: async (key: string, _: unknown, ttl?: number) => void ttls.push([key, ttl]),
      delete: async () => true,
    };
    await keyvSink(keyv, { prefix: 'audit', ttlMs: 5000 }).write([success]);
    assert.deepEqual(ttls, [
      [`audit:${NODE}:7`, 5000],
      [`audit:${NODE}:head`, undefined],
    ]);
  });

  test('that takes nothing, or fails to read, is a failure and no empty store', async () => {
    const refusing = { get: async () => undefined, set: async () => false, delete: async () => true };
    await assert.rejects(async () => keyvSink(refusing).write([success]));
    const failing = new Keyv({
      store: { get: () => Promise.reject(new Error('down')), set() {}, delete() {}, clear() {} },
    });
    await assert.rejects(async () => keyvSink(failing as never).head?.(NODE));
  });
});

describe('a function and a logger', () => {
  test('get records one after the other, in the format that was asked for', async () => {
    const heard: unknown[] = [];
    let underWay = 0;
    const take = async (one: object) => {
      underWay += 1;
      assert.equal(underWay, 1);
      await new Promise((resolve) => setImmediate(resolve));
      underWay -= 1;
      heard.push(one);
    };
    await functionSink(take).write([success, failure]);
    await functionSink(take, { format: 'ocsf' }).write([success]);
    await functionSink(take, { format: 'ecs' }).write([success]);
    assert.deepEqual(heard, [success, failure, toOcsf(success), toEcs(success)]);
    assert.throws(() => functionSink(take, { format: 'toString' as 'ecs' }), /expected plain, ocsf or ecs/);
  });

  test('a logger gets a sentence with it', () => {
    const lines: [object, string][] = [];
    const logger = { info: (...line: [object, string]) => void lines.push(line) };
    pinoSink(logger, { format: 'ecs' }).write([success, record({ from: null, event: 'begin', to: 'starting' })]);
    assert.deepEqual(lines[0], [toEcs(success), 'sso cas: openingSession → authenticated (session.opened)']);
    assert.equal(lines[1]?.[1], 'sso cas: begin → starting (begin)');
  });
});

test('OCSF: activity, status and severity of each end, and the chain', () => {
  const brief = (one: JournalRecord) => {
    const { class_uid, type_uid, activity_id, status_id, severity_id, status_code } = toOcsf(one);
    return [class_uid, type_uid, activity_id, status_id, severity_id, status_code];
  };
  assert.deepEqual(brief(success), [3002, 300201, 1, 1, 1, undefined]);
  assert.deepEqual(brief(failure), [3002, 300201, 1, 2, 3, 'ERR_SSO_TICKET_REJECTED']);
  assert.deepEqual(brief(logout), [3002, 300202, 2, 0, 1, undefined]);
  assert.deepEqual(brief(ticket), [3002, 300204, 4, 1, 1, undefined]);
  assert.deepEqual(brief(record()), [3002, 300299, 99, 0, 1, undefined]);
  assert.deepEqual(brief(record({ flow: JOURNAL_FLOW, event: 'journal.lost', lost: 2 })), [
    3002,
    300299,
    99,
    0,
    3,
    undefined,
  ]);
  const event = toOcsf(success) as Record<string, Record<string, unknown>>;
  assert.deepEqual([event.auth_protocol_id, event.auth_protocol], [99, 'cas']);
  assert.deepEqual(event.user, { uid: 'pseudonym', type_id: 1 });
  assert.equal(event.metadata?.sequence, 7);
  assert.equal(event.metadata?.correlation_uid, 'attempt-label');
  assert.deepEqual(event.attestation, {
    chain_uid: NODE,
    fingerprint: { algorithm_id: 99, algorithm: 'HMAC-SHA-256', value: 'hash-7' },
    prev_event: { uid: `${NODE}:6`, fingerprint: { value: 'hash-6' } },
    key_uid: 'key-id',
  });
  assert.equal((toOcsf(record({ prev: null })).attestation as object & { prev_event?: unknown }).prev_event, undefined);
});

test('ECS: category, type and outcome of each end, and the chain', () => {
  const brief = (one: JournalRecord) => {
    const { category, type, outcome, code } = toEcs(one).event as Record<string, unknown>;
    return [category, type, outcome, code];
  };
  const category = ['authentication'];
  assert.deepEqual(brief(success), [category, ['start'], 'success', undefined]);
  assert.deepEqual(brief(failure), [category, ['start'], 'failure', 'ERR_SSO_TICKET_REJECTED']);
  assert.deepEqual(brief(logout), [category, ['end'], 'unknown', undefined]);
  assert.deepEqual(brief(record()), [category, ['info'], 'unknown', undefined]);
  const event = toEcs(success) as Record<string, Record<string, unknown>>;
  assert.deepEqual(event.user, { hash: 'pseudonym' });
  assert.equal(toEcs(failure).user, undefined);
  assert.deepEqual([event.event?.hash, event.event?.sequence, event.koa_campus_sso?.prev], ['hash-7', 7, 'hash-6']);
});

test('a text is a record only if it is one', () => {
  assert.deepEqual(parseRecord(canonicalJson(success)), success);
  for (const change of [{ seq: 1.5 }, { at: '1' }, { node: null }, { prev: 3 }, { effects: [1] }, { effects: 'x' }]) {
    assert.equal(parseRecord(canonicalJson({ ...success, ...change })), undefined, JSON.stringify(change));
  }
});
