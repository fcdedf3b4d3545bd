import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { canonicalJson, JOURNAL_FLOW } from '../../src/journal/record.ts';
import type { JournalSink } from '../../src/journal/sinks.ts';
import { entry, foundIn, journalOf, memorySink, NODE, OLD_SECRET, SECRET } from './support.ts';

const isBroken = () => Promise.reject(Object.assign(new Error('marker'), { code: 'ENOSPC' }));

describe('a journal', () => {
  test('chains what it hears, after a word of its own', async () => {
    const { sink, records } = memorySink();
    const { listener, flush } = journalOf([sink]);
    listener(entry(1));
    listener(entry(2));
    await flush();
    assert.deepEqual(
      records.map(({ seq, node, flow, at }) => [seq, node, flow, at]),
      [
        [1, NODE, JOURNAL_FLOW, 1_700_000_000_000],
        [2, NODE, 'cas', 1_700_000_000_001],
        [3, NODE, 'cas', 1_700_000_000_002],
      ],
    );
    const { seq, node, prev, key, hash, ...rest } = records[1]!;
    assert.deepEqual(rest, entry(1));
    assert.equal(prev, records[0]?.hash);
    assert.equal(records[0]?.prev, null);
    assert.deepEqual(foundIn(records.map(canonicalJson)), []);
  });

  test('waits for nobody, and hears nothing of a sink that throws at once', async () => {
    const sink: JournalSink = {
      name: 'broken',
      write() {
        throw new Error('marker');
      },
    };
    const { listener, close, warnings } = journalOf([sink], { retryMs: 1 });
    assert.equal(listener(entry()), undefined);
    await close();
    assert.ok(warnings.length > 0);
    assert.doesNotMatch(warnings.join(), /marker/);
  });

  test('tries again what a sink did not take, in order and once', async () => {
    const { sink, records, control } = memorySink();
    let failures = 3;
    control.before = async () => {
      failures -= 1;
      if (failures >= 0) await isBroken();
    };
    const { listener, flush, warnings } = journalOf([sink], { retryMs: 1 });
    for (let number = 0; number < 5; number += 1) listener(entry(number));
    await flush();
    assert.deepEqual(foundIn(records.map(canonicalJson)), []);
    assert.equal(records.length, 6);
    assert.deepEqual(warnings, ['The sink memory of the journal failed (Error ENOSPC); it is tried again.']);
  });

  test('says how many records a slow sink has not got, and the gap is found', async () => {
    const slow = memorySink('slow');
    const quick = memorySink('quick');
    let release = () => {};
    slow.control.before = () =>
      new Promise((resolve) => {
        release = resolve;
      });
    const { listener, flush, warnings } = journalOf([slow.sink, quick.sink], { queueSize: 4 });
    for (let number = 0; number < 3; number += 1) listener(entry(number));
    while (slow.records.length === 0 && quick.records.length < 4) await nextTurn();
    for (let number = 3; number < 10; number += 1) {
      listener(entry(number));
      await nextTurn();
      await nextTurn();
    }
    slow.control.before = async () => {};
    release();
    await flush();
    const lost = slow.records.filter(({ event }) => event === 'journal.lost');
    assert.deepEqual(
      lost.map((record) => [record.flow, record.lost, record.sink]),
      [[JOURNAL_FLOW, 7, 'slow']],
    );
    assert.deepEqual(foundIn(quick.records.map(canonicalJson)), []);
    assert.deepEqual(foundIn(slow.records.map(canonicalJson)), ['missing:5']);
    assert.equal(slow.records.length, 5);
    assert.match(warnings.join(), /slow of the journal has not got 7 records/);
  });

  test('gives a batch up that a sink never takes, and goes on behind it', async () => {
    const { sink, records, control } = memorySink();
    control.before = async (batch) => {
      if (batch.some(({ event }) => event === 'poison')) await isBroken();
    };
    const { listener, flush } = journalOf([sink], { retryMs: 0.01 });
    await flush();
    listener({ ...entry(), event: 'poison' });
    await flush();
    listener(entry());
    await flush();
    assert.deepEqual(
      records.map(({ event, lost }) => [event, lost]),
      [
        ['journal.opened', undefined],
        ['validation.succeeded', undefined],
        ['journal.lost', 1],
      ],
    );
  });

  test('keeps what it hears before it knows where the chain goes on, as far as there is room', async () => {
    const { sink, records } = memorySink();
    let tell = (_: null) => {};
    const late = {
      ...sink,
      head: () =>
        new Promise<null>((resolve) => {
          tell = resolve;
        }),
    };
    const { listener, flush } = journalOf([late], { queueSize: 3 });
    for (let number = 0; number < 5; number += 1) listener(entry(number));
    await nextTurn();
    tell(null);
    await flush();
    assert.deepEqual(
      records.map(({ seq, lost, sink: name }) => [seq, lost, name]),
      [
        [1, undefined, undefined],
        [2, 2, undefined],
        [3, undefined, undefined],
        [6, 2, 'memory'],
      ],
    );
  });

  test('goes on from the furthest head, and says when two of them do not agree', async () => {
    const at = (name: string, seq: number, hash: string): JournalSink => ({
      ...memorySink(name).sink,
      head: () => ({ seq, hash }),
    });
    const { sink, records } = memorySink();
    const one = journalOf([at('a', 3, 'old'), at('b', 7, 'last'), at('c', 5, 'older'), sink]);
    await one.flush();
    assert.deepEqual([records[0]?.seq, records[0]?.prev], [8, 'last']);
    assert.deepEqual(one.warnings, []);
    const two = journalOf([at('a', 7, 'other'), at('b', 7, 'last')]);
    await two.flush();
    assert.match(two.warnings.join(), /do not agree where the chain of node-1 ends/);
  });

  test('begins although a sink cannot say where the chain goes on, or does not in time', async () => {
    for (const head of [isBroken, () => new Promise<null>(() => {})]) {
      const { sink, records } = memorySink();
      const { flush, warnings } = journalOf([{ ...sink, head }], { deadlineMs: 20 });
      await flush();
      assert.equal(records[0]?.seq, 1);
      assert.match(warnings.join(), /where the journal goes on/);
      assert.doesNotMatch(warnings.join(), /marker/);
    }
  });

  test('hands over everything when it is closed, closes its sinks, and hears nothing after', async () => {
    const { sink, records } = memorySink();
    let closed = 0;
    const { listener, close, warnings } = journalOf([
      {
        ...sink,
        close() {
          closed += 1;
        },
      },
    ]);
    listener(entry());
    await close();
    assert.deepEqual([records.length, closed], [2, 1]);
    listener(entry());
    assert.match(warnings.join(), /after it was closed/);
  });

  test('ends in time although a sink hangs, and says what is lost', async () => {
    const { sink, control } = memorySink();
    control.before = () => new Promise(() => {});
    const { listener, close, warnings } = journalOf([{ ...sink, close: isBroken }], { deadlineMs: 30 });
    listener(entry());
    await close();
    assert.match(warnings.join('\n'), /memory has not got 2 records/);
    assert.match(warnings.join('\n'), /memory was not closed: Error ENOSPC/);
  });

  test('goes on with a new secret, and both are needed to check it', async () => {
    const { sink, records } = memorySink();
    const old = journalOf([sink], { secrets: [OLD_SECRET] });
    old.listener(entry());
    await old.close();
    const head = records.at(-1)!;
    const now = journalOf([{ ...sink, head: () => head }], { secrets: [SECRET, OLD_SECRET] });
    now.listener(entry());
    await now.close();
    const lines = records.map(canonicalJson);
    assert.equal(new Set(records.map(({ key }) => key)).size, 2);
    assert.deepEqual(foundIn(lines, { secrets: [SECRET, OLD_SECRET] }), []);
    assert.deepEqual(foundIn(lines, { secrets: [SECRET] }), ['unknownKey:1', 'unknownKey:2']);
  });
});
