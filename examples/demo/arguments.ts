import { parseArgs } from 'node:util';

export const USAGE = `Usage: npm run demo -- [options]

  --cas URL        signs in at this CAS server; without it the demo starts a fake one and a fake Raven
  --ca FILE        certificates (PEM) to trust for the server of --cas
  --port N         the port of the portal; without it any free one
  --https          serves every page over HTTPS, with certificates that are made at the start
  --write-ca FILE  writes the certificate of the authority that made them, for those who shall trust them
  --help           shows this text
`;

/** What the demo was asked for on the command line. */
export interface DemoArguments {
  /** The prefix of a real CAS server; undefined for fake login servers. */
  readonly cas: string | undefined;
  /** A file with certificates. */
  readonly ca: string | undefined;
  /** 0 takes any free port. */
  readonly port: number;
  /** Whether people see HTTPS. The callback is HTTPS in any case. */
  readonly https: boolean;
  /** Where to write the certificate of our own authority. */
  readonly writeCa: string | undefined;
  readonly help: boolean;
}

/** A command line that makes no sense. Its message says why. */
export class UsageError extends Error {}

/** @throws UsageError */
export function readArguments(args: readonly string[]): DemoArguments {
  const { cas, ca, port = '0', https = false, 'write-ca': writeCa, help = false } = parse(args);
  if (ca !== undefined && cas === undefined)
    throw new UsageError('--ca needs --cas: the demo knows the certificates of fake servers.');
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    throw new UsageError(`--port expects a number from 0 to 65535, and got "${port}".`);
  }
  return { cas, ca, port: Number(port), https, writeCa, help };
}

function parse(args: readonly string[]) {
  try {
    const text = { type: 'string' } as const;
    const flag = { type: 'boolean' } as const;
    const options = {
      cas: text,
      ca: text,
      port: text,
      https: flag,
      'write-ca': text,
      help: { ...flag, short: 'h' },
    } as const;
    return parseArgs({ args: [...args], options, allowPositionals: false }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
