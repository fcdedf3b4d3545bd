import { isLoopback } from '../../http/loopback.ts';
import type { Place } from '../protocol.ts';
import { paramsProblem } from './params.ts';
import { mixtureProblems, type UcamServer } from './presets.ts';
import type { Interaction } from './request.ts';

/** How to log in by Ucam-WebAuth. Spread one of `ucamPresets` into it, or name the server yourself. */
export interface UcamOptions extends UcamServer {
  /** Tells several ways in apart, in the journal and in addresses. Default `ucam`. */
  readonly name?: string;
  /** What the way is called where people choose one. Default `Raven`. */
  readonly label?: string;
  /** The first half of identities, as an absolute URL. Default: the origin of `loginUrl`. */
  readonly issuer?: string;
  /** Where the server sends people back to, below `baseUrl` and without a query. Default: a route of the plugin. */
  readonly returnUrl?: string;
  /** Lets people in who are not current members of the University. Default false. */
  readonly allowNotCurrent?: boolean;
  /** How long a reply may be under way, in seconds. Default 30. */
  readonly timeoutSeconds?: number;
  /** By how much the clock of the server may differ from ours, in seconds. Default 5. */
  readonly skewSeconds?: number;
  /** What this site is called on the login page. Any text. */
  readonly desc?: string;
  /** Why people are to log in, on the login page. Any text. */
  readonly msg?: string;
  /** The kinds of authentication that will do. Default: `pwd`, the only one there is. */
  readonly aauth?: readonly string[];
  /** `yes`: every login asks for the password. `no`: no login asks for anything. Default: the server decides. */
  readonly iact?: Interaction;
  /** Application data that travels with the login and comes back as the attribute `params`; at most 1024 bytes. */
  readonly params?: string;
  /** The server shows its errors itself in place of sending people back with them. Default false. */
  readonly fail?: boolean;
  /** Sends people to a login page over plain http that is not on this machine. Passwords then travel in clear. */
  readonly dangerouslyAllowPlainHttpServer?: boolean;
}

/** Everything that is wrong with the options of one login server, its keys aside. */
export function ucamProblems(options: UcamOptions, place: Place): string[] {
  const problems: string[] = [];
  const { name = 'ucam', loginUrl, logoutUrl, issuer, label, iact, aauth, params = '' } = options;
  const complain = (option: keyof UcamOptions, expectation: string) => problems.push(`ucam.${option}: ${expectation}`);
  for (const [option, text] of [['loginUrl', loginUrl] as const, ['logoutUrl', logoutUrl] as const]) {
    if (text === undefined && option === 'logoutUrl') continue;
    const url = webAddress(text);
    if (!url) complain(option, 'expected an address, e.g. "https://raven.cam.ac.uk/auth/authenticate.html".');
    else if (url.protocol === 'http:' && !isLoopback(url.hostname) && !options.dangerouslyAllowPlainHttpServer) {
      complain(option, 'expected https. Over plain http passwords and replies can be read on the way.');
    }
  }
  if (issuer !== undefined && !webAddress(issuer)) complain('issuer', 'expected an absolute URL.');
  if (!/^[a-z0-9][a-z0-9-]*$/.test(name)) complain('name', 'expected lower-case letters, digits and hyphens.');
  if (label !== undefined && (typeof label !== 'string' || label.trim() === '')) complain('label', 'expected a text.');
  if (options.returnUrl !== undefined && !isOurs(options.returnUrl, place)) {
    complain('returnUrl', `expected an address below ${place.baseUrl}, without a query or a fragment.`);
  }
  for (const option of ['timeoutSeconds', 'skewSeconds'] as const) {
    const value = options[option];
    if (value !== undefined && !(Number.isFinite(value) && value >= 0))
      complain(option, 'expected a number of seconds.');
  }
  for (const option of ['desc', 'msg'] as const) {
    const text = options[option];
    if (text !== undefined && (typeof text !== 'string' || text.length > MAX_TEXT)) {
      complain(option, `expected a text of at most ${MAX_TEXT} characters.`);
    }
  }
  // A text such as "false" would count as yes, and let in whom it was to keep out.
  for (const option of ['allowNotCurrent', 'fail', 'test', 'dangerouslyAllowPlainHttpServer'] as const) {
    if (!['undefined', 'boolean'].includes(typeof options[option])) complain(option, 'expected true or false.');
  }
  if (iact !== undefined && iact !== 'yes' && iact !== 'no') complain('iact', 'expected "yes" or "no".');
  if (aauth !== undefined && !(Array.isArray(aauth) && aauth.every((kind) => /^[\w-]+$/.test(kind)))) {
    complain('aauth', 'expected a list of kinds of authentication, e.g. ["pwd"].');
  }
  const problem = typeof params === 'string' ? paramsProblem(params) : 'expected a text.';
  if (problem !== null) complain('params', problem);
  return webAddress(loginUrl) ? [...problems, ...mixtureProblems(options)] : problems;
}

/** They travel in an address, which servers limit. */
const MAX_TEXT = 500;

function webAddress(text: unknown): URL | undefined {
  const url = typeof text === 'string' && URL.canParse(text) ? new URL(text) : undefined;
  return url && /^https?:$/.test(url.protocol) ? url : undefined;
}

function isOurs(text: string, { baseUrl }: Place): boolean {
  const url = webAddress(text);
  // What else a path may hold means something to a router, or comes back spelt in another way.
  if (url === undefined || url.href !== text || !/^[\w./~-]*$/.test(text.slice(url.origin.length))) return false;
  // Not `baseUrl` itself either: the application would lose its start page.
  return text.startsWith(`${baseUrl}/`) && text.length > baseUrl.length + 1;
}
