import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { KeySources } from '../../../src/protocols/ucam/key-sources.ts';
import type { KeyPolicy } from '../../../src/protocols/ucam/signers.ts';
import { ANY, folder, one, open, pem, root, trusts, two } from './key-ring-support.ts';

/** As somebody without a compiler may write them. */
function problemsOf(keys: unknown, policy = ANY): readonly string[] {
  return open(keys as KeySources, policy).ring.problems;
}

describe('keys', () => {
  test('in the text of the options are trusted', () => {
    const { ring } = open({ inline: { '2': pem(one) } });
    assert.deepEqual(ring.problems, []);
    assert.ok(trusts(ring, '2', one));
    assert.ok(!trusts(ring, '2', two));
    assert.equal(ring.find('3'), undefined);
  });

  test('in files are trusted, under the kid that the option says', () => {
    const { ring } = open({ files: { '5': join(folder({ 'any.name': pem(one) }), 'any.name') } });
    assert.deepEqual(ring.problems, []);
    assert.ok(trusts(ring, '5', one));
  });

  for (const name of ['pubkey2', '2.crt', 'pubkey2.crt', '2']) {
    test(`in a folder are trusted by the name ${name}`, () => {
      const { ring } = open({ directory: folder({ [name]: pem(one) }) });
      assert.deepEqual(ring.problems, []);
      assert.deepEqual(ring.kids(), ['2']);
      assert.ok(trusts(ring, '2', one));
    });
  }

  test('in a folder stand beside files that are left alone', () => {
    const others = { README: 'x', pubkey02: 'x', 'pubkey2.bak': 'x', '.2': 'x', '2.crt~': 'x', '2.key': 'x', x2: 'x' };
    const { ring } = open({ directory: folder({ ...others, pubkey2: pem(one) }) });
    assert.deepEqual(ring.problems, []);
    assert.deepEqual(ring.kids(), ['2']);
  });

  test('from all sources stand side by side', () => {
    const directory = folder({ pubkey2: pem(one), '3.crt': pem(two) });
    const file = join(folder({ key: pem(one) }), 'key');
    const { ring } = open({ inline: { '4': pem(two) }, files: { '5': file }, directory });
    assert.deepEqual([...ring.kids()].sort(), ['2', '3', '4', '5']);
  });

  test('may be there twice, but not as two different keys', () => {
    assert.deepEqual(problemsOf({ directory: folder({ pubkey2: pem(one), '2.crt': pem(one) }) }), []);
    assert.deepEqual(problemsOf({ inline: { '2': pem(two) }, directory: folder({ pubkey2: pem(one) }) }), [
      'ucam.keys: there are two different keys for kid 2.',
    ]);
  });

  test('of other servers in the folder are not read where the kids of this server are known', () => {
    const policy: KeyPolicy = { signers: [{ kid: '2', spki: null }], allowDemoKey: false };
    const { ring } = open({ directory: folder({ pubkey2: pem(one), pubkey901: pem(two), '3': 'broken' }) }, policy);
    assert.deepEqual(ring.problems, []);
    assert.deepEqual(ring.kids(), ['2']);
  });

  test('that are named one by one are not left out in silence', () => {
    const policy: KeyPolicy = { signers: [{ kid: '2', spki: null }], allowDemoKey: false };
    assert.match(problemsOf({ inline: { '2': pem(one), '3': pem(two) } }, policy).join(), /^ucam\.keys\.inline\.3: /);
  });
});

describe('what is wrong at the start', () => {
  test('is told for every key, with the option and the file that it is about', () => {
    const directory = folder({ '2': 'x', '3.crt': 'y' });
    const problems = problemsOf({ inline: { '4': 'z' }, files: { '5': join(directory, 'none') }, directory });
    assert.deepEqual(
      problems.map((problem) => problem.replace(directory, 'D')),
      [
        'ucam.keys.inline.4: found no PEM block, such as -----BEGIN CERTIFICATE-----.',
        'ucam.keys.files.5 (D/none): cannot be read (ENOENT).',
        'ucam.keys.directory (D/2): found no PEM block, such as -----BEGIN CERTIFICATE-----.',
        'ucam.keys.directory (D/3.crt): found no PEM block, such as -----BEGIN CERTIFICATE-----.',
      ],
    );
  });

  test('includes that there is no key at all, and which one it should be', () => {
    const policy: KeyPolicy = { signers: [{ kid: '2', spki: null }], allowDemoKey: false };
    for (const keys of [{}, { inline: {} }]) {
      assert.deepEqual(problemsOf(keys, policy), [
        'ucam.keys: expected the public key of the login server. This login server signs with kid 2.',
      ]);
    }
    assert.match(problemsOf({ directory: folder() }).join(), /holds no key of this login server\.$/);
  });

  for (const [keys, expected] of [
    [undefined, /^ucam\.keys: expected \{ inline/],
    [null, /^ucam\.keys: expected/],
    ['-----BEGIN', /^ucam\.keys: expected/],
    [[], /^ucam\.keys: expected/],
    [{ '2': 'PEM' }, /^ucam\.keys\.2: .*belongs into inline/],
    [{ inline: 'PEM' }, /^ucam\.keys\.inline: /],
    [{ inline: { '2': 7 } }, /^ucam\.keys\.inline: /],
    [{ files: { '2': '' } }, /^ucam\.keys\.files: /],
    [{ directory: 7 }, /^ucam\.keys\.directory: /],
    [{ directory: '' }, /^ucam\.keys\.directory: /],
  ] as const) {
    test(`includes the form of ${JSON.stringify(keys)}`, () => {
      assert.match(problemsOf(keys)[0] ?? '', expected);
    });
  }

  test('includes folders in the place of files, and files that are too large for keys', () => {
    const directory = folder({ '3': `${pem(one)}${' '.repeat(65_536)}` });
    mkdirSync(join(directory, '2'));
    const problems = problemsOf({ directory });
    assert.match(
      problems.join('\n'),
      /2\): cannot be read \(not a file\)\.\n.*3\): cannot be read \(larger than any key\)/,
    );
  });

  test('includes a folder that is not there', () => {
    assert.match(problemsOf({ directory: join(root, 'none') }).join(), /cannot be read \(ENOENT\)/);
  });
});
