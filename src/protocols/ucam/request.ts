import { printableText } from './printable.ts';
import { formatTime } from './time.ts';

/** Whether the WLS must, or must not, ask the person for something. */
export type Interaction = 'yes' | 'no';

/** What the WLS is asked (Ucam-WebAuth V4.1, authentication request). */
export interface AuthenticationRequest {
  /** Where to come back to; absolute. It comes back in the reply, byte for byte. */
  readonly url: string;
  /** What this site is called, for the person to read. Any text; see {@link printableText}. */
  readonly desc?: string;
  /** The kinds of authentication that will do, e.g. `pwd`. Empty, the default, leaves it to the WLS. */
  readonly aauth?: readonly string[];
  /** `yes`: the person must show credentials again. `no`: nothing may be asked. Null, the default: either. */
  readonly iact?: Interaction | null;
  /** Why authentication is asked for this time, for the person to read. Any text. */
  readonly msg?: string;
  /** What comes back under the signature; see {@link writeParams}. */
  readonly params?: string;
  /** Sent as `date`, to help people who debug clocks; milliseconds since 1970. Default: no date. */
  readonly now?: number;
  /** The WLS shows errors itself, and never comes back with one. Default false. */
  readonly fail?: boolean;
}

/**
 * Where the browser is sent to log in (Ucam-WebAuth V4.1, authentication request): version 3, and what is empty is left
 * out. The query that the login URL has stays in front, byte for byte; a fragment of it is dropped.
 *
 * @param loginUrl of the WLS; absolute and checked before
 */
export function loginUrl(loginUrl: string, request: AuthenticationRequest): string {
  const parameters: readonly (readonly [string, string | undefined])[] = [
    ['ver', '3'],
    ['url', request.url],
    ['desc', printableText(request.desc ?? '')],
    ['aauth', request.aauth?.join(',')],
    ['iact', request.iact ?? ''],
    ['msg', printableText(request.msg ?? '')],
    ['params', request.params],
    ['date', request.now === undefined ? '' : formatTime(request.now)],
    ['fail', request.fail ? 'yes' : ''],
  ];
  // Also encodes `!`, `'`, `(` and `)`, which encodeURIComponent leaves: some servers build texts with `!` between
  // them.
  const query = new URLSearchParams();
  for (const [name, value] of parameters) if (value) query.append(name, value);
  const [address = ''] = loginUrl.split('#', 1);
  const separator = !address.includes('?') ? '?' : /[?&]$/.test(address) ? '' : '&';
  return `${address}${separator}${query}`;
}
