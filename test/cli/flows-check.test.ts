import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { SafetyReport } from '../../machines/index.ts';
import { runFlowsCheck } from '../../src/cli/flows-check.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const at = (path: string) => JSON.stringify(pathToFileURL(join(root, path)).href);

describe('flows check', () => {
  let cwd = '';

  before(async () => {
    cwd = await mkdtemp(join(tmpdir(), 'flows-check-'));
    await writeFile(
      join(cwd, 'broken.mjs'),
      `export { earlyAcknowledgement as default } from ${at('test/machines/broken/early-acknowledgement.ts')};`,
    );
    await writeFile(
      join(cwd, 'several.mjs'),
      `import { proxyTicketMachine, proxyCallbackMachine } from ${at('machines/index.ts')};
       export default { one: proxyTicketMachine, other: proxyCallbackMachine };`,
    );
    await writeFile(
      join(cwd, 'options.mjs'),
      `import { proxyTicketMachine } from ${at('machines/index.ts')};
       export default { baseUrl: 'https://portal.example.edu', login: [{ name: 'cas', machine: proxyTicketMachine }] };`,
    );
    const broken = `import { earlyAcknowledgement } from ${at('test/machines/broken/early-acknowledgement.ts')};
       import { proxyCallbackMachine } from ${at('machines/index.ts')};`;
    await writeFile(join(cwd, 'exported.mjs'), `${broken} export const machines = { mine: earlyAcknowledgement };`);
    await writeFile(
      join(cwd, 'ways.mjs'),
      `${broken} export default [
         { name: 'first', machine: earlyAcknowledgement }, { name: 'second', machine: proxyCallbackMachine }];`,
    );
    const told = `import { proxyTicket, proxyTicketRoot, proxyTicketStates } from ${at('machines/index.ts')};
       const { requesting } = proxyTicketStates;
       const failure = { code: 'ERR_SSO_PROXY_REFUSED', detail: null };
       const actions = proxyTicket.assign({ failure, service: ({ event }) => event.service });
       const on = { ...requesting.on, 'quota.told': { target: 'refused', actions } };
       const states = { ...proxyTicketStates, requesting: { ...requesting, on } };
       export default { told: proxyTicket.createMachine({ ...proxyTicketRoot, states }) };`;
    await writeFile(join(cwd, 'unsampled.mjs'), told);
    await writeFile(
      join(cwd, 'sampled.mjs'),
      `${told} export const safety = { samples: [{ type: 'quota.told', service: 'https://a.example/' }] };`,
    );
    await writeFile(join(cwd, 'empty.mjs'), 'export default {};');
  });
  after(() => rm(cwd, { recursive: true, force: true }));

  async function run(...args: readonly string[]) {
    let out = '';
    let err = '';
    const code = await runFlowsCheck(args, {
      cwd,
      out: (text) => {
        out += text;
      },
      err: (text) => {
        err += text;
      },
    });
    return { code, out, err };
  }

  test('proves one of the shipped machines, and says what of it holds', async () => {
    const { code, out, err } = await run('--flow', 'proxyTicket');
    assert.deepEqual([code, err], [0, '']);
    assert.match(out, /^proxyTicket: 6 states, \d+ snapshots, \d+ steps\n {2}✓ .* \([a-z-]+, audit #\d/);
    assert.doesNotMatch(out, /✗/);
  });

  test('shows the shortest way to what is broken, and fails', async () => {
    const { code, out } = await run('--config', 'broken.mjs', '--picture');
    assert.equal(code, 1);
    assert.match(out, /✗ A delivery is acknowledged when it is durable.*\(durable-first, audit #15 #17\)/);
    assert.match(out, / begin -> receiving\n +1\. callback\.delivered -> stored\n/);
    assert.match(out, /stateDiagram-v2/);
  });

  test('gives reports for a script', async () => {
    const { code, out } = await run('--config', 'broken.mjs', '--json');
    const [report] = JSON.parse(out) as readonly SafetyReport[];
    assert.deepEqual([code, report?.flow, report?.isSafe], [1, 'proxyCallback', false]);
  });

  test('takes machines by name, and ways to log in from options', async () => {
    assert.match((await run('--config', 'several.mjs', '--flow', 'other')).out, /^proxyCallback: /);
    assert.match((await run('--config', 'options.mjs', '--flow', 'cas')).out, /^proxyTicket: /);
  });

  test('proves the same machines that are drawn: those of the export `machines`', async () => {
    const { code, out } = await run('--config', 'exported.mjs');
    assert.equal(code, 1);
    assert.match(out, /^proxyCallback: /);
  });

  test('proves each of several ways to log in, also if their machines have one id', async () => {
    const { code, out } = await run('--config', 'ways.mjs');
    assert.equal(code, 1);
    assert.equal(out.match(/^proxyCallback: /gm)?.length, 2);
  });

  test('says where examples of events belong that it has to send without fields', async () => {
    const { code, out } = await run('--config', 'unsampled.mjs');
    assert.equal(code, 1);
    assert.match(out, /for want of a sample: quota\.told\.\n.*cannot be proven.*\n.*export `safety\.samples`/);
    const sampled = await run('--config', 'sampled.mjs');
    assert.equal(sampled.code, 0);
    assert.doesNotMatch(sampled.out, /want of a sample/);
  });

  for (const [what, args, message] of [
    ['an option that there is not', ['--frobnicate'], /frobnicate/],
    [
      'a flow that there is not',
      ['--config', 'several.mjs', '--flow', 'third'],
      /no flow third; there are: one, other/,
    ],
    ['a file that there is not', ['--config', 'nowhere.mjs'], /nowhere\.mjs/],
    ['a file without machines', ['--config', 'empty.mjs'], /no machine/],
  ] as const) {
    test(`cannot be carried out with ${what}`, async () => {
      const { code, out, err } = await run(...args);
      assert.deepEqual([code, out], [2, '']);
      assert.match(err, message);
    });
  }

  test('explains itself', async () => {
    const { code, out } = await run('--help');
    assert.equal(code, 0);
    assert.match(out, /--config FILE/);
    assert.match(out, /`safety`.*read from there alone/s);
  });
});
