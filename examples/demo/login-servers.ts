import { readFile } from 'node:fs/promises';
import type { CasOptions, UcamOptions } from '../../src/index.ts';
import { type FakeServerOptions, startFakeCas, startFakeWls } from '../../src/testing/index.ts';
import type { DemoArguments } from './arguments.ts';

/** Somebody that a fake server knows. */
export interface TestUser {
  readonly name: string;
  readonly password: string;
  /** What is special about them. */
  readonly remark?: string;
}

/** The servers that people can sign in at. */
export interface LoginServers {
  readonly cas: CasOptions & { readonly label: string };
  /** The people of the CAS server; undefined for a real one. */
  readonly casUsers: readonly TestUser[] | undefined;
  /** Makes the CAS server forget the grants for one of its people; undefined for a real one, where only it can do so. */
  readonly expireGrants: ((user: string) => void) | undefined;
  /** Raven, and its people; undefined where the CAS server is a real one. */
  readonly raven: (UcamOptions & { readonly label: string; readonly logoutUrl: string }) | undefined;
  readonly ravenUsers: readonly TestUser[] | undefined;
}

export interface LoginServersOptions {
  readonly wanted: Pick<DemoArguments, 'cas' | 'ca'>;
  /** The certificate of our own authority, which fake servers trust and are trusted by. */
  readonly certificate: string;
  /** Serves HTTPS with this certificate; undefined for plain http. */
  readonly tls: FakeServerOptions['tls'] | undefined;
  /** Takes what ends a server, as soon as there is one. */
  onStart(close: () => Promise<unknown>): void;
}

/** A fake CAS server and a fake Raven; or the CAS server that was asked for, and nothing else. */
export async function startLoginServers(options: LoginServersOptions): Promise<LoginServers> {
  const { wanted, certificate, tls, onStart } = options;
  if (wanted.cas !== undefined) {
    const ca = wanted.ca === undefined ? {} : { ca: await readFile(wanted.ca, 'utf8') };
    const label = URL.canParse(wanted.cas) ? new URL(wanted.cas).host : 'CAS';
    return {
      cas: { serverUrl: wanted.cas, label, ...ca },
      casUsers: undefined,
      expireGrants: undefined,
      raven: undefined,
      ravenUsers: undefined,
    };
  }
  const served = tls ? { tls } : {};
  const fakeCas = await startFakeCas({ callbackCa: certificate, ...served });
  onStart(fakeCas.close);
  const wls = await startFakeWls(served);
  onStart(wls.close);
  return {
    cas: { serverUrl: fakeCas.url, ca: certificate, label: 'Example University (CAS)' },
    casUsers: fakeCas.users,
    expireGrants: fakeCas.expireGrants,
    raven: {
      loginUrl: wls.loginUrl,
      logoutUrl: wls.logoutUrl,
      keys: { inline: { [wls.kid]: wls.publicKey } },
      label: 'Raven',
      desc: 'the campus portal of Example University',
    },
    ravenUsers: wls.users.map(({ principal, password, ptags = ['current'] }) => {
      const remark = ptags.includes('current') ? {} : { remark: 'has left, so the portal says no' };
      return { name: principal, password, ...remark };
    }),
  };
}
