import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { type JournalHead, type JournalLine, pseudonymsOf, readHead, verifyJournal } from '../index.ts';
import { tellStory } from './audit-story.ts';
import type { Command } from './command.ts';

/** Where a command reads and writes. */
export interface AuditIo {
  readonly write: (text: string) => void;
  readonly writeError: (text: string) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export const auditHelp = `koa-campus-sso audit verify FILE… [--secret-env NAME]… [--head FILE]… [--partial]
  Finds every record that was edited, dropped, inserted, repeated or moved. FILEs in the order they were written.
  --secret-env NAME  the variable of the environment with the secret of the application; several for old secrets
  --head FILE        where a chain ended; default: the files <FILE>.<node>.head beside the last FILE
  --partial          the files begin in the middle of the journal
  Ends with 0 if all is well, 1 if something was found, 2 if it could not be checked.

koa-campus-sso audit show FILE… (--user NAME --issuer URL --secret-env NAME | --subject PSEUDONYM | --attempt LABEL)
  Tells what happened to a person, or in one attempt to log in.
`;

/**
 * Runs `koa-campus-sso audit …`.
 * @param args what follows `audit`
 * @returns the code to end with: 0 all is well, 1 something was found (or nothing, for `show`), 2 wrong usage
 */
export async function runAudit(args: readonly string[], io: AuditIo): Promise<number> {
  const [command, ...rest] = args;
  try {
    if (command === 'verify') return await verify(rest, io);
    if (command === 'show') return await show(rest, io);
    if (command === undefined || command === 'help' || command === '--help') {
      io.write(auditHelp);
      return command === undefined ? 2 : 0;
    }
    throw new UsageError(`There is no audit ${command}.`);
  } catch (error) {
    io.writeError(`${error instanceof Error ? error.message : String(error)}\n`);
    if (error instanceof UsageError) io.writeError(`\n${auditHelp}`);
    return 2;
  }
}

/** The command for the tool. */
export const audit: Command = {
  usage: auditHelp,
  run: (args, { out, error }) => runAudit(args, { write: out, writeError: error, env: process.env }),
};

class UsageError extends Error {}

async function verify(args: readonly string[], io: AuditIo): Promise<number> {
  const { values, files } = read(args, {
    'secret-env': { type: 'string', multiple: true },
    head: { type: 'string', multiple: true },
    partial: { type: 'boolean' },
  });
  const lines = await readLines(files);
  const heads = await readHeads(files, values.head as readonly string[] | undefined);
  const secrets = secretsFrom(values['secret-env'] as readonly string[] | undefined, io);
  const { findings, notes, records } = verifyJournal(lines, { secrets, heads, isPartial: values.partial === true });
  for (const { file, line, kind, message } of findings) io.write(`${file}:${line}: ${kind}: ${message}\n`);
  for (const note of notes) io.write(`note: ${note}\n`);
  const verdict = findings.length === 0 ? 'nothing found' : `${findings.length} found`;
  io.write(`${records} records in ${files.length === 1 ? 'one file' : `${files.length} files`}: ${verdict}\n`);
  return findings.length === 0 ? 0 : 1;
}

async function show(args: readonly string[], io: AuditIo): Promise<number> {
  const { values, files } = read(args, {
    user: { type: 'string' },
    issuer: { type: 'string' },
    subject: { type: 'string' },
    attempt: { type: 'string' },
    'secret-env': { type: 'string', multiple: true },
  });
  const { user, issuer, subject, attempt } = values as Readonly<Record<string, string | undefined>>;
  if ([user, subject, attempt].filter((value) => value !== undefined).length !== 1) {
    throw new UsageError('Give one of --user, --subject and --attempt.');
  }
  let subjects: readonly string[] = subject === undefined ? [] : [subject];
  if (user !== undefined) {
    const secrets = secretsFrom(values['secret-env'] as readonly string[] | undefined, io);
    if (issuer === undefined || secrets.length === 0) throw new UsageError('--user needs --issuer and --secret-env.');
    subjects = pseudonymsOf(secrets)({ issuer: issuer.replace(/\/$/, ''), id: user });
  }
  const story = tellStory(await readLines(files), { subjects, attempt });
  io.write(story || 'The journal knows nothing of that.\n');
  return story ? 0 : 1;
}

type Flags = NonNullable<NonNullable<Parameters<typeof parseArgs>[0]>['options']>;

function read(args: readonly string[], options: Flags) {
  try {
    const { values, positionals } = parseArgs({
      args: joinValues(args, options),
      options,
      allowPositionals: true,
      strict: true,
    });
    if (positionals.length === 0) throw new Error('Give at least one file.');
    return { values: values as Readonly<Record<string, unknown>>, files: positionals };
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** Pseudonyms and labels may begin with a hyphen, and are values all the same. */
function joinValues(args: readonly string[], options: Flags): string[] {
  const joined: string[] = [];
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index]!;
    const takesValue = arg.startsWith('--') && options[arg.slice(2)]?.type === 'string' && index + 1 < args.length;
    if (takesValue) index += 1;
    joined.push(takesValue ? `${arg}=${args[index]}` : arg);
  }
  return joined;
}

async function readLines(files: readonly string[]): Promise<readonly JournalLine[]> {
  const all: JournalLine[] = [];
  // One after the other: there may be more of them than a process may have open.
  for (const file of files) {
    const lines = (await readFile(file, 'utf8')).split('\n');
    if (lines.at(-1) === '') lines.pop();
    for (const [index, text] of lines.entries()) all.push({ file, line: index + 1, text });
  }
  return all;
}

/** The ends of the chains: from the files that were named, or from those beside the last file of the journal. */
async function readHeads(
  files: readonly string[],
  named: readonly string[] | undefined,
): Promise<ReadonlyMap<string, JournalHead>> {
  const last = files.at(-1)!;
  const names = named ? [] : await readdir(dirname(last));
  const beside = names.filter((name) => name.startsWith(`${basename(last)}.`) && name.endsWith('.head'));
  const paths = named ?? beside.map((name) => join(dirname(last), name));
  const heads = new Map<string, JournalHead>();
  for (const path of paths) {
    const head = await readHead(path);
    if (!head) throw new Error(`${path} does not say where a chain ended.`);
    heads.set(head.node, head);
  }
  return heads;
}

function secretsFrom(names: readonly string[] = [], { env }: AuditIo): readonly string[] {
  return names.map((name) => {
    const secret = env[name];
    if (!secret) throw new UsageError(`The variable ${name} of the environment is not set.`);
    return secret;
  });
}
