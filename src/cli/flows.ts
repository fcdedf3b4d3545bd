import { parseArgs } from 'node:util';
import { type FlowDiagram, flowDiagram } from '../../machines/index.ts';
import { type Command, CommandProblem, type Terminal, WrongUsage } from './command.ts';
import { formatOfFile, isFormat, isOneFile, type Rendering, renderFlows } from './flow-formats.ts';
import { FLOWS_CHECK_USAGE, runFlowsCheck } from './flows-check.ts';
import { loadConfig, type NamedMachine } from './load-machines.ts';
import { differences, plannedFiles, writeFiles } from './output-files.ts';

const USAGE = `Usage: koa-campus-sso flows [options]
       koa-campus-sso flows check [options]

Draws and documents the flows, from the machines themselves.

  --config FILE   A module of your application that exports its machines:
                    export const machines = { casLogin: myLoginMachine };
                  A record, a list or one machine, as \`machines\` or as the default
                  export. Default: the machines of this package. TypeScript is read
                  if Node can: NODE_OPTIONS='--import tsx' where it cannot.
  --flow NAME     One flow only, by the name in the record or the id of the machine.
  --format NAME   md       the audit document, with pictures that GitHub draws
                  html     one page with pictures and tables, for any browser
                  svg      a picture (needs @viz-js/viz)
                  mermaid  a picture as text for Markdown
                  dot      a picture as text for Graphviz
                  json     for the editor of Stately, or createMachine of xstate
                  scxml    W3C State Chart XML
                  Default: after the name in --out, else md.
  --out PATH      A file, or a folder that gets one file for each flow.
                  Default: the standard output.
  --check         Writes nothing, and ends with 1 if --out is not up to date.
  --help          This text.

Ends with 0, with 1 for a problem or a file that is out of date, with 2 for a wrong
command line.
`;

const OPTIONS = {
  config: { type: 'string' },
  flow: { type: 'string' },
  format: { type: 'string' },
  out: { type: 'string' },
  check: { type: 'boolean', default: false },
} as const;

/** Draws and documents flows. */
export const flows: Command = {
  usage: `${USAGE}
${FLOWS_CHECK_USAGE}`,
  async run(args, terminal) {
    if (args[0] === 'check') {
      const { out: write, error } = terminal;
      return runFlowsCheck(args.slice(1), { cwd: process.cwd(), out: write, err: error });
    }
    const { config, flow, out, check, ...given } = readOptions(args);
    const format = given.format ?? (out === undefined ? 'md' : formatOfFile(out)) ?? 'md';
    if (!isFormat(format)) throw new WrongUsage(`There is no format ${JSON.stringify(format)}.`);
    if (check && out === undefined) throw new WrongUsage('--check needs --out: what shall be compared?');
    const { machines } = await loadConfig(config);
    const chosen = machines.filter(({ name, machine }) => [undefined, name, machine.id].includes(flow));
    if (chosen.length === 0) throw new WrongUsage(`No flow ${flow}. There are: ${namesOf(machines)}.`);
    // Several ways to log in may run by one machine.
    const diagrams = [...new Set(chosen.map(({ machine }) => machine))].map(flowDiagram);
    refuseEqualIds(diagrams);
    const renderings = await renderFlows(diagrams, format);
    return out === undefined
      ? print(renderings, isOneFile(format), terminal)
      : deliver(renderings, out, check, terminal);
  },
};

const namesOf = (machines: readonly NamedMachine[]): string => machines.map(({ name }) => name).join(', ');

function readOptions(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, strict: true }).values;
  } catch (error) {
    throw new WrongUsage(error instanceof Error ? error.message : String(error));
  }
}

/** A picture, an anchor and a file each go by the id. */
function refuseEqualIds(diagrams: readonly FlowDiagram[]): void {
  const ids = diagrams.map(({ id }) => id);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) throw new CommandProblem(`Two machines have the id ${JSON.stringify(twice)}.`);
}

function print(renderings: readonly Rendering[], isWhole: boolean, terminal: Terminal): number {
  if (!isWhole && renderings.length > 1) {
    throw new WrongUsage('This format is one file for each flow: choose a --flow, or a folder with --out.');
  }
  for (const { text } of renderings) terminal.out(text);
  return 0;
}

async function deliver(renderings: readonly Rendering[], out: string, check: boolean, terminal: Terminal) {
  const files = await plannedFiles(renderings, out);
  if (!check) {
    await writeFiles(files);
    return 0;
  }
  const stale = await differences(files);
  for (const path of stale) terminal.error(`${path} is out of date: run the same command without --check.\n`);
  return stale.length === 0 ? 0 : 1;
}
