import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createBrowser } from '../../support/browser.ts';
import { djangoUsers, type TestUser } from './django-users.ts';
import { needPackages } from './packages.ts';
import { type RunningProcess, startProcess, temporaryDirectory } from './processes.ts';
import { makeTestTls, type TestTls } from './tls.ts';

const run = promisify(execFile);
// Not the `python3` of the search path: only Debian's own has Debian's packages.
const PYTHON = '/usr/bin/python3';
const APP = fileURLToPath(new URL('django-app', import.meta.url));

export type Lifetime = 'CAS_TICKET_VALIDITY' | 'CAS_PGT_VALIDITY' | 'CAS_SESSION_AGE' | 'CAS_TGT_VALIDITY';

export interface DjangoCasOptions {
  /** Lifetimes in whole seconds; without them 60, 3600, two weeks and no limit. */
  readonly env?: Readonly<Partial<Record<Lifetime, number>>>;
  /** More CAs (PEM) to trust for PGT callbacks and log-out requests, beside the server's own. */
  readonly trust?: readonly string[];
}

export interface TicketRow {
  readonly kind: 'ST' | 'PT' | 'PGT';
  readonly value: string;
  readonly service: string;
  readonly used: boolean;
  readonly renew: boolean;
}

/**
 * - `expire-pgts`, `expire-tickets`: make every PGT, or every unused ST and PT, too old
 * - `delete-pgts`: forget every PGT
 * - `drop-sessions`: forget every login without telling the services
 * - `age-sessions`: make every login too old, which this server notices only when it cleans up
 */
export type ControlCommand = 'expire-pgts' | 'expire-tickets' | 'delete-pgts' | 'drop-sessions' | 'age-sessions';

export interface DjangoCasServer {
  /** `https://localhost:PORT/cas` */
  readonly url: string;
  /** The same server and database without TLS: `http://localhost:PORT/cas` */
  readonly plainUrl: string;
  /** PEM text of the CA of `url`. */
  readonly ca: string;
  /** That CA, and a certificate for localhost which this server trusts, for the applications under test. */
  readonly tls: TestTls;
  readonly users: typeof djangoUsers;
  ctl(command: 'tickets'): Promise<readonly TicketRow[]>;
  /** Runs the server's own cleaning job, which logs stale logins out at their services. */
  ctl(command: 'clean'): Promise<null>;
  /** Answers how many rows it changed. */
  ctl(command: ControlCommand): Promise<number>;
  /** What the two servers logged, for the message of a failed test. */
  log(): string;
  close(): Promise<void>;
}

/** Debian's django-cas-server under gunicorn on loopback ports of its own, with a database and a CA of its own. */
export async function startDjangoCasServer(options: DjangoCasOptions = {}): Promise<DjangoCasServer> {
  await needPackages('python3-django-cas-server', 'gunicorn', 'openssl', 'util-linux');
  const directory = temporaryDirectory('django-cas-server');
  const servers: RunningProcess[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.stop()));
    directory.remove();
  };
  try {
    const tls = await makeTestTls(directory.path);
    const app = await layOutApp(directory.path, [tls.ca, ...(options.trust ?? [])], options.env ?? {});
    const serve = (name: string, ...args: readonly string[]): RunningProcess => {
      const server = startProcess(PYTHON, [...gunicorn(directory.path), ...args], {
        ...app,
        logFile: join(directory.path, `${name}.log`),
      });
      servers.push(server);
      return server;
    };
    const secure = serve('https', '--certfile', tls.certFile, '--keyfile', tls.keyFile);
    const plain = serve('http');
    const [url, plainUrl] = await Promise.all([baseUrl(secure, tls.ca), baseUrl(plain, tls.ca)]);

    return {
      url,
      plainUrl,
      ca: tls.ca,
      tls,
      users: djangoUsers,
      async ctl(command: ControlCommand | 'tickets' | 'clean') {
        const { stdout } = await run(PYTHON, ['-m', 'campus.control', command], app);
        return JSON.parse(stdout);
      },
      log: () => `https:\n${secure.output()}\nhttp:\n${plain.output()}`,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

interface AppProcess {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

async function layOutApp(
  state: string,
  trusted: readonly string[],
  lifetimes: Readonly<Partial<Record<Lifetime, number>>>,
): Promise<AppProcess> {
  const trustedFile = join(state, 'trusted.pem');
  const users: readonly TestUser[] = Object.values(djangoUsers);
  await Promise.all([
    cp(APP, join(state, 'app', 'campus'), { recursive: true, filter: (path) => !path.endsWith('__pycache__') }),
    writeFile(join(state, 'users.json'), JSON.stringify(users)),
    writeFile(trustedFile, trusted.join('\n')),
  ]);
  const app: AppProcess = {
    cwd: join(state, 'app'),
    // Nothing is inherited: a proxy or a Python set-up of the developer's must not reach the server.
    env: {
      PATH: '/usr/bin:/bin',
      LANG: 'C.UTF-8',
      PYTHONPATH: join(state, 'app'),
      PYTHONUNBUFFERED: '1',
      PYTHONDONTWRITEBYTECODE: '1',
      DJANGO_SETTINGS_MODULE: 'campus.settings',
      INTEROP_STATE: state,
      INTEROP_SECRET: randomBytes(32).toString('hex'),
      // The server's log-out requests take no CA setting; only this reaches them.
      REQUESTS_CA_BUNDLE: trustedFile,
      ...Object.fromEntries(Object.entries(lifetimes).map(([name, seconds]) => [name, String(seconds)])),
    },
  };
  await run(PYTHON, ['-m', 'campus.setup'], app);
  return app;
}

function gunicorn(state: string): readonly string[] {
  return [
    ...['-m', 'gunicorn.app.wsgiapp', 'campus.wsgi:application', '--bind', '127.0.0.1:0', '--worker-tmp-dir', state],
    // Many threads: the server calls back into applications that may be calling it at that moment.
    ...['--workers', '1', '--worker-class', 'gthread', '--threads', '16'],
    ...['--keep-alive', '30', '--graceful-timeout', '1', '--access-logfile', '-'],
  ];
}

/** The address that the system gave to this server, once its login page is there. */
async function baseUrl(server: RunningProcess, ca: string): Promise<string> {
  const [, scheme, port] = await server.until(
    () => /Listening at: (https?):\/\/127\.0\.0\.1:(\d+)/.exec(server.output()) ?? undefined,
  );
  const url = `${scheme}://localhost:${port}/cas`;
  const browser = createBrowser({ ca });
  try {
    let last: unknown;
    return await server
      .until(async () => {
        const answer = await browser.get(`${url}/login`).catch((error: unknown) => ({ status: error }));
        last = answer.status;
        return answer.status === 200 ? url : undefined;
      })
      .catch((error: unknown) => {
        throw new Error(`${url} does not answer (last: ${String(last)})`, { cause: error });
      });
  } finally {
    await browser.close();
  }
}
