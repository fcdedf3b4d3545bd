import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { createMemoryKeyv } from '../../src/storage/memory-store.ts';
import { createStore } from '../../src/storage/store.ts';
import { SECRET } from './support.ts';

test('a flood of one kind does not push out another', async () => {
  const keyv = createMemoryKeyv({ maxEntriesPerKind: 10 });
  await keyv.set('login:alice', 'x', 60_000);
  for (let n = 0; n < 100; n += 1) await keyv.set(`flow:${n}`, 'x', 60_000);
  assert.equal(await keyv.get('login:alice'), 'x');
  assert.equal(await keyv.get('flow:89'), undefined);
  assert.equal(await keyv.get('flow:90'), 'x');
});

test('of one kind, the least recently used goes first', async () => {
  const keyv = createMemoryKeyv({ maxEntriesPerKind: 2 });
  await keyv.set('login:a', 1, 60_000);
  await keyv.set('login:b', 2, 60_000);
  await keyv.get('login:a');
  await keyv.set('login:c', 3, 60_000);
  assert.deepEqual([await keyv.get('login:a'), await keyv.get('login:b')], [1, undefined]);
});

test('an expired entry is gone', async () => {
  const keyv = createMemoryKeyv();
  await keyv.set('flow:1', 'x', 5);
  await sleep(15);
  assert.equal(await keyv.get('flow:1'), undefined);
});

test('expired entries that nobody reads are purged while others come in', async () => {
  const keyv = createMemoryKeyv();
  for (let n = 0; n < 500; n += 1) await keyv.set(`flow:${n}`, 'x', 1);
  await sleep(5);
  for (let n = 0; n < 500; n += 1) await keyv.set(`login:${n}`, 'x', 60_000);
  assert.equal(await keyv.delete('flow:0'), false);
});

test('the room of a kind is bounded in bytes too', async () => {
  const keyv = createMemoryKeyv({ maxBytesPerKind: 1000 });
  await keyv.set('request:1', 'x'.repeat(600), 60_000);
  await keyv.set('request:2', 'x'.repeat(600), 60_000);
  assert.equal(await keyv.get('request:1'), undefined);
  assert.equal((await keyv.get('request:2'))?.length, 600);
});

test('a value that is larger than all the room is a failed write, not a lost one', async () => {
  const store = createStore({ keyv: createMemoryKeyv({ maxBytesPerKind: 1000 }), secrets: [SECRET] });
  await assert.rejects(store.put('request', 'big', 'x'.repeat(2000), 60_000), { code: 'ERR_SSO_STORE' });
});

test('keys of a stranger, with a kind each or none, are bounded and readable', async () => {
  const keyv = createMemoryKeyv({ maxEntriesPerKind: 3 });
  for (let n = 0; n < 200; n += 1) await keyv.set(`kind${n}:x`, n, 60_000);
  await keyv.set('without', 'y', 60_000);
  assert.equal(await keyv.get('kind0:x'), 0);
  assert.equal(await keyv.get('kind199:x'), 199);
  assert.equal(await keyv.get('kind100:x'), undefined);
  assert.equal(await keyv.get('without'), 'y');
});

test('a delete has one winner', async () => {
  const keyv = createMemoryKeyv();
  await keyv.set('flow:1', 'x', 60_000);
  const answers = await Promise.all(Array.from({ length: 20 }, () => keyv.delete('flow:1')));
  assert.equal(answers.filter(Boolean).length, 1);
});

test('clear empties all kinds', async () => {
  const keyv = createMemoryKeyv();
  await keyv.set('flow:1', 'x', 60_000);
  await keyv.set('login:1', 'x', 60_000);
  await keyv.clear();
  assert.deepEqual([await keyv.get('flow:1'), await keyv.get('login:1')], [undefined, undefined]);
});

test('limits that bound nothing are refused', () => {
  for (const bad of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => createMemoryKeyv({ maxEntriesPerKind: bad }), { code: 'ERR_SSO_OPTIONS' });
    assert.throws(() => createMemoryKeyv({ maxBytesPerKind: bad }), { code: 'ERR_SSO_OPTIONS' });
  }
});

test('nothing keeps the process alive', async () => {
  const script = `
    import { createMemoryKeyv } from './src/storage/memory-store.ts';
    const keyv = createMemoryKeyv();
    await keyv.set('flow:1', 'x', 3_600_000);
    await keyv.get('flow:1');
  `;
  await promisify(execFile)(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    cwd: new URL('../..', import.meta.url),
    timeout: 30_000,
  });
});
