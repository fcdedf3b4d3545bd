import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { checkSafety, highlight, type SafetyReport } from '../../machines/index.ts';
import { loadConfig } from './load-machines.ts';

/** Where a command writes, and where it looks for files. */
export interface FlowsCheckIo {
  readonly cwd: string;
  out(text: string): void;
  err(text: string): void;
}

export const FLOWS_CHECK_USAGE = `koa-campus-sso flows check [--config FILE] [--flow NAME] [--json] [--picture]

Proves the machines of the logins: every event, in every state, from every beginning.

  --config FILE  a module with the machines of the application, as \`machines\` or as the default export:
                 one way to log in (cas({ … }) or ucam({ … })), a list of them, options with \`login\`, or
                 machines by name. The same that \`flows\` draws. Its export named \`safety\` may hold { samples, proxyGrants }: examples of the
                 application's own events, with what they carry, and whether logins ask for proxy grants
                 (default: true). They are read from there alone, and not from the options of cas({ … }).
                 Without a file the machines of this package are proven.
  --flow NAME    only the machine of this id, or this way to log in
  --json         the reports as JSON
  --picture      a Mermaid diagram of the way to each broken invariant

Exit code: 0 all hold, 1 one does not, 2 the command could not be carried out.
`;

/** Runs `koa-campus-sso flows check`; gives its exit code. */
export async function runFlowsCheck(args: readonly string[], io: FlowsCheckIo): Promise<number> {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        config: { type: 'string' },
        flow: { type: 'string' },
        json: { type: 'boolean', default: false },
        picture: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) {
      io.out(FLOWS_CHECK_USAGE);
      return 0;
    }
    const { machines, safety } = await loadConfig(values.config && resolve(io.cwd, values.config));
    const meant = machines.filter(({ name, machine }) => [undefined, name, machine.id].includes(values.flow));
    if (meant.length === 0) {
      throw new Error(`no flow ${values.flow}; there are: ${machines.map(({ name }) => name).join(', ')}`);
    }
    const reports: SafetyReport[] = [];
    for (const { machine } of meant) {
      const report = checkSafety(machine, safety);
      reports.push(report);
      if (!values.json) io.out(textOf(report, values.picture));
    }
    if (values.json) io.out(`${JSON.stringify(reports, null, 2)}\n`);
    return reports.every(({ isSafe }) => isSafe) ? 0 : 1;
  } catch (error) {
    io.err(`flows check: ${error instanceof Error ? error.message : String(error)}\n`);
    return 2;
  }
}

function textOf({ flow, states, snapshots, steps, invariants, unsampled }: SafetyReport, withPicture: boolean): string {
  const lines = [`${flow}: ${states} states, ${snapshots} snapshots, ${steps} steps`];
  if (unsampled.length > 0) {
    lines.push(
      `  sent without fields, for want of a sample: ${unsampled.join(', ')}.`,
      '  A machine that reads their fields cannot be proven like that: give examples, { type, … }, in the',
      '  export `safety.samples` of the file. What the options of a login have in `samples` is not seen here.',
    );
  }
  for (const { id, name, why, audit, holds, violation } of invariants) {
    const numbers = audit.map((number) => `#${number}`).join(' ');
    lines.push(`  ${holds ? '✓' : '✗'} ${name} (${id}, audit ${numbers})`);
    if (!violation) continue;
    lines.push(`      ${violation.message}. ${why}`, `      begin -> ${violation.begin}`);
    for (const [index, { event, to }] of violation.path.entries())
      lines.push(`      ${index + 1}. ${event.type} -> ${to}`);
    if (withPicture) lines.push('', highlight(violation));
  }
  return `${lines.join('\n')}\n`;
}
