import assert from 'node:assert/strict';
import { chmodSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { folder, one, open, pem, trusts, two } from './key-ring-support.ts';

describe('a change of files', () => {
  test('is seen without a restart: a new key, and one in the place of another', () => {
    const directory = folder({ pubkey2: pem(one) });
    const { ring, said, later } = open({ directory });
    writeFileSync(join(directory, 'pubkey3'), pem(two));
    writeFileSync(join(directory, 'pubkey2'), pem(two));
    assert.ok(trusts(ring, '2', one));
    later();
    assert.ok(trusts(ring, '2', two) && !trusts(ring, '2', one) && trusts(ring, '3', two));
    assert.deepEqual(said, [
      'info ucam.keys: replies may now be signed with a new key 2.',
      'info ucam.keys: replies may now be signed with a new key 3.',
    ]);
  });

  test('is looked for every ten seconds at most, whoever asks for whatever kid', () => {
    const directory = folder({ pubkey2: pem(one) });
    const { ring, pass } = open({ directory });
    writeFileSync(join(directory, 'pubkey3'), pem(two));
    pass(9_999);
    for (let asked = 0; asked < 100; asked += 1) assert.equal(ring.find('3'), undefined);
    pass(1);
    assert.ok(trusts(ring, '3', two));
    writeFileSync(join(directory, 'pubkey4'), pem(two));
    pass(9_999);
    assert.equal(ring.find('4'), undefined);
  });

  test('is what it takes for a file to be read again', () => {
    const { ring, later } = open({ directory: folder({ pubkey2: pem(one) }) });
    const before = ring.find('2');
    later();
    assert.ok(before !== undefined && ring.find('2') === before);
  });

  test('is seen when the clock is set back', () => {
    const directory = folder({ pubkey2: pem(one) });
    const { ring, pass } = open({ directory });
    writeFileSync(join(directory, 'pubkey3'), pem(two));
    pass(-3_600_000);
    assert.ok(trusts(ring, '3', two));
  });

  test('by a rename or another link is seen', () => {
    const directory = folder({ a: pem(one), b: pem(two) });
    symlinkSync(join(directory, 'a'), join(directory, '2'));
    const { ring, later } = open({ directory });
    assert.ok(trusts(ring, '2', one));
    symlinkSync(join(directory, 'b'), join(directory, 'new'));
    renameSync(join(directory, 'new'), join(directory, '2'));
    later();
    assert.ok(trusts(ring, '2', two));
  });

  test('to something broken leaves the key in use and warns once, until it is mended', () => {
    const path = join(folder({ pubkey2: pem(one) }), 'pubkey2');
    const { ring, said, later } = open({ files: { '2': path } });
    writeFileSync(path, pem(two).slice(0, 100));
    later();
    later();
    assert.ok(trusts(ring, '2', one));
    assert.deepEqual(said, [
      `warn ucam.keys.files.2 (${path}): found no PEM block, such as -----BEGIN CERTIFICATE-----. What was read before stays in use.`,
    ]);
    writeFileSync(path, pem(two));
    later();
    assert.ok(trusts(ring, '2', two));
    assert.equal(said.length, 2);
  });

  test('to a key that must not be filed leaves the key in use and warns', () => {
    const directory = folder({ pubkey2: pem(one) });
    const { ring, said, later } = open({ directory });
    const privatePem = two.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
    writeFileSync(join(directory, 'pubkey2'), privatePem);
    later();
    assert.ok(trusts(ring, '2', one));
    assert.match(said.join(), /^warn .*private key/);
  });

  test('that takes a file out of the folder withdraws its key', () => {
    const directory = folder({ pubkey2: pem(one), pubkey3: pem(two) });
    const { ring, said, later } = open({ directory });
    unlinkSync(join(directory, 'pubkey2'));
    later();
    assert.equal(ring.find('2'), undefined);
    assert.deepEqual(ring.kids(), ['3']);
    assert.deepEqual(said, ['info ucam.keys: replies may no longer be signed with key 2.']);
  });

  test('that leaves no key, or no folder, is taken for a disk that is away', () => {
    for (const leave of [
      (path: string) => unlinkSync(join(path, '2')),
      (path: string) => rmSync(path, { recursive: true }),
    ]) {
      const directory = folder({ '2': pem(one) });
      const { ring, said, later } = open({ directory });
      leave(directory);
      later();
      later();
      assert.ok(trusts(ring, '2', one));
      // The file is missed as well as the folder, once each.
      assert.ok(said.length > 0 && said.every((line) => /^warn .*stays in use\.$/.test(line)), said.join('\n'));
      assert.equal(new Set(said).size, said.length);
    }
  });

  test('that takes away a file which an option names leaves its key in use', () => {
    const path = join(folder({ key: pem(one) }), 'key');
    const { ring, said, later } = open({ files: { '2': path } });
    unlinkSync(path);
    later();
    assert.ok(trusts(ring, '2', one));
    assert.match(said.join(), /^warn .*ENOENT.*stays in use/);
  });

  test('that files a second key for a kid leaves the one in use', () => {
    for (const [first, second] of [
      ['pubkey2', '2'],
      ['2', 'pubkey2'],
    ] as const) {
      const directory = folder({ [first]: pem(one) });
      const { ring, said, later } = open({ directory });
      writeFileSync(join(directory, second), pem(two));
      later();
      assert.ok(trusts(ring, '2', one) && !trusts(ring, '2', two));
      assert.deepEqual(said, ['warn ucam.keys: there are two different keys for kid 2.']);
    }
  });

  test('that takes the right to read a file leaves its key in use', { skip: process.getuid?.() === 0 }, () => {
    const path = join(folder({ key: pem(one) }), 'key');
    const { ring, later } = open({ files: { '2': path } });
    chmodSync(path, 0);
    later();
    assert.ok(trusts(ring, '2', one));
  });
});
