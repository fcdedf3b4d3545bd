import type { KeySources } from './key-sources.ts';
import { DEMO_SPKI, type KeyPolicy, NEVAR_SPKI, RAVEN_SPKI, RAVEN_TEST_SPKI, type Signer } from './signers.ts';

/** What belongs to one login server: its addresses, and the keys that it signs with. They only ever change together. */
export interface UcamServer {
  /** Where people log in, and what identities are vouched for by. */
  readonly loginUrl: string;
  /** Where people end their session at the login server. It takes no parameters and does not come back. */
  readonly logoutUrl?: string;
  /** The keys that may sign. Default: those that are known for `loginUrl`, or any for another server. */
  readonly signers?: readonly Signer[];
  /** The public keys of the server, by number. The preset `raven` brings its key along. */
  readonly keys?: KeySources;
  /** Takes the key of the old demonstration server, with which anybody can sign in as anybody. Default false. */
  readonly test?: boolean;
}

/** As the University publishes it. What is filed under its number is held against the fingerprint all the same. */
const RAVEN_KEY = `-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC/9qcAW1XCSk0RfAfiulvTouMZ
KD4jm99rXtMIcO2bn+3ExQpObbwWugiO8DNEffS7bzSxZqGp7U6bPdi4xfX76wgW
GQ6qWi55OXJV0oSiqrd3aOEspKmJKuupKXONo2efAt6JkdHVH0O6O8k5LVap6w4y
1W/T/ry4QH7khRxWtQIDAQAB
-----END PUBLIC KEY-----
`;

/**
 * The login servers that are known; spread one into `ucam()`. Only `raven` brings its key along: for the others, get it
 * from whoever runs the server and name it in `keys`. Where the fingerprint of a key is known, no other is taken for it.
 */
export const ucamPresets = {
  /** The University's Raven. Signs with key 2, unchanged since 2004, which is here; `keys` of your own replace it. */
  raven: {
    loginUrl: 'https://raven.cam.ac.uk/auth/authenticate.html',
    logoutUrl: 'https://raven.cam.ac.uk/auth/logout.html',
    signers: [{ kid: '2', spki: RAVEN_SPKI }],
    keys: { inline: { '2': RAVEN_KEY } },
  },
  /**
   * Raven's test server, with users such as `test0001`. Signs with key 900, whose fingerprint is known. Also takes key
   * 901 of the old demonstration server if you file it, for a server of your own in front of which you put another
   * `loginUrl`.
   */
  ravenTest: {
    loginUrl: 'https://test.legacy.raven.cam.ac.uk/auth/authenticate.html',
    logoutUrl: 'https://test.legacy.raven.cam.ac.uk/auth/logout.html',
    signers: [
      { kid: '900', spki: RAVEN_TEST_SPKI },
      { kid: '901', spki: DEMO_SPKI },
    ],
    test: true,
  },
  /**
   * Goose, of the SRCF. Signs with key 500, whose fingerprint is not known. Never says `current`, so nobody gets in
   * without `allowNotCurrent`.
   */
  goose: {
    loginUrl: 'https://auth.srcf.net/wls/authenticate',
    logoutUrl: 'https://auth.srcf.net/logout',
    signers: [{ kid: '500', spki: null }],
  },
  /**
   * Nevar, of the SRCF (the Student-Run Computing Facility). The fingerprint of its key is known, its number is not. Refuses
   * return addresses with `http:` except for exactly `localhost`, without a port.
   */
  nevar: {
    loginUrl: 'https://nevar.srcf.net/wls/authenticate',
    logoutUrl: 'https://nevar.srcf.net/oidc/logout',
    signers: [{ kid: null, spki: NEVAR_SPKI }],
  },
} as const satisfies Readonly<Record<string, UcamServer>>;

/** Which keys may be filed for a server: for an address that is known those of its preset, whatever else is said. */
export function keyPolicyOf({ loginUrl, signers, test = false }: UcamServer): KeyPolicy {
  const known = knownServer(loginUrl)?.[1];
  return known === undefined
    ? { signers: signers ?? null, allowDemoKey: test }
    : { signers: known.signers, allowDemoKey: known.test ?? false };
}

/**
 * Everything by which addresses and keys of different servers are mixed. With the keys of one and the login of another
 * nobody gets in, or, with a key of a test server, anybody.
 */
export function mixtureProblems({ loginUrl, logoutUrl, signers, test = false }: UcamServer): string[] {
  const known = knownServer(loginUrl);
  const logout = logoutUrl === undefined ? undefined : knownServer(logoutUrl);
  const problems: string[] = [];
  if (logout !== undefined && logout[0] !== known?.[0]) {
    problems.push(`ucam.logoutUrl: it is that of the preset ${logout[0]}, and loginUrl is that of another server.`);
  }
  if (known === undefined) return problems;
  const [name, server] = known;
  if (signers !== undefined && !sameSigners(signers, server.signers)) {
    problems.push(`ucam.signers: loginUrl is that of the preset ${name}, and signers are those of another server.`);
  }
  if (test && !server.test) {
    problems.push(`ucam.test: loginUrl is that of the preset ${name}, which real people log in to.`);
  }
  return problems;
}

type Known = readonly [name: string, server: UcamServer & { readonly signers: readonly Signer[] }];

function knownServer(address: string): Known | undefined {
  const host = hostOf(address);
  const all: readonly Known[] = Object.entries(ucamPresets);
  return host === null ? undefined : all.find(([, { loginUrl }]) => hostOf(loginUrl) === host);
}

/** Without a dot at the end, which leads to the same server. */
function hostOf(address: string): string | null {
  return URL.canParse(address) ? new URL(address).hostname.replace(/\.$/, '') : null;
}

function sameSigners(one: readonly Signer[], other: readonly Signer[]): boolean {
  const text = (signers: readonly Signer[]) =>
    signers
      .map(({ kid, spki }) => `${kid} ${spki}`)
      .sort()
      .join();
  return text(one) === text(other);
}
