import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runTool } from '../../src/cli/commands.ts';

async function tool(...args: readonly string[]) {
  const written = { out: '', error: '' };
  const code = await runTool(args, {
    out: (text) => {
      written.out += text;
    },
    error: (text) => {
      written.error += text;
    },
  });
  return { code, ...written };
}

describe('koa-campus-sso flows', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'flows-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const module = async (name: string, exported: string) => {
    const path = join(folder, name);
    const machines = fileURLToPath(new URL('../../machines/index.ts', import.meta.url));
    await writeFile(path, `import { casLoginMachine } from ${JSON.stringify(machines)};\n${exported}\n`);
    return path;
  };

  test('says how it is used, and ends with 2 for a wrong command line', async () => {
    assert.equal((await tool()).code, 2);
    assert.equal((await tool('--help')).code, 0);
    assert.equal((await tool('paint')).code, 2);
    assert.match((await tool('flows', '--help')).out, /--format NAME/);
    for (const wrong of [
      ['--colour'],
      ['--format', 'gif'],
      ['--flow', 'nobody'],
      ['--check'],
      ['--format', 'dot'],
      ['--format', 'json', '--out', join(folder, 'one.json')],
    ]) {
      const { code, out, error } = await tool('flows', ...wrong);
      assert.equal(code, 2, wrong.join(' '));
      assert.equal(out, '');
      assert.match(error, /Usage: koa-campus-sso flows/);
    }
  });

  test('writes the audit document, and notices when it is out of date', async () => {
    const file = join(folder, 'FLOWS.md');
    assert.equal((await tool('flows', '--check', '--out', file)).code, 1);
    assert.equal((await tool('flows', '--out', file)).code, 0);
    assert.equal((await tool('flows', '--check', '--out', file)).code, 0);
    await writeFile(file, `${await readFile(file, 'utf8')}\n`);
    const { code, error } = await tool('flows', '--check', '--out', file);
    assert.equal(code, 1);
    assert.match(error, /out of date/);
  });

  test('writes one file for each flow into a folder', async () => {
    assert.equal((await tool('flows', '--format', 'scxml', '--out', `${join(folder, 'all')}/`)).code, 0);
    assert.deepEqual(
      (await readdir(join(folder, 'all'))).sort(),
      ['casLogin', 'proxiedCall', 'proxyCallback', 'proxyTicket', 'ucamLogin'].map((id) => `${id}.scxml`),
    );
  });

  test('prints one flow', async () => {
    assert.match((await tool('flows', '--flow', 'proxyTicket', '--format', 'mermaid')).out, /^stateDiagram-v2\n/);
    assert.match((await tool('flows', '--flow', 'proxyTicket', '--format', 'svg')).out, /^<svg /);
  });

  test('makes a page that needs nothing else', async () => {
    const { out } = await tool('flows', '--flow', 'proxyCallback', '--format', 'html');
    assert.doesNotMatch(out, /<script|<link|@import|url\(|src=/);
    const targets = [...out.matchAll(/href="#([^"]+)"/g)].map(([, anchor]) => anchor);
    assert.ok(targets.length > 10);
    assert.deepEqual(
      targets.filter((anchor) => !out.includes(` id="${anchor}"`)),
      [],
    );
  });

  test('draws the machines of an application', async () => {
    for (const [name, exported] of [
      ['record.mjs', 'export const machines = { mine: casLoginMachine };'],
      ['list.mjs', 'export default [casLoginMachine];'],
      ['one.mjs', 'export default casLoginMachine;'],
    ] as const) {
      const { code, out } = await tool('flows', '--config', await module(name, exported));
      assert.equal(code, 0);
      assert.match(out, /## casLogin/);
      assert.doesNotMatch(out, /## ucamLogin/);
    }
  });

  test('says what is wrong with a module', async () => {
    assert.match((await tool('flows', '--config', join(folder, 'nowhere.js'))).error, /There is no file/);
    const empty = await tool('flows', '--config', await module('empty.mjs', 'export const machines = {};'));
    assert.deepEqual([empty.code, /exports no machine/.test(empty.error)], [1, true]);
    const broken = await tool('flows', '--config', await module('broken.mjs', 'throw new Error("no luck");'));
    assert.deepEqual([broken.code, /no luck/.test(broken.error)], [1, true]);
  });
});
