import type { Interaction } from './request.ts';

/** What an attempt asked for, as far as it limits which authentication will do. */
export interface AskedAuthentication {
  readonly iact: Interaction | null;
  /** Kinds of authentication that will do; empty for the default, `pwd`. */
  readonly aauth: readonly string[];
}

/** How the WLS says that the person was authenticated. */
export interface GivenAuthentication {
  /** For this very login; empty if nothing was asked. */
  readonly auth: string;
  /** Earlier, in the session at the WLS. */
  readonly sso: readonly string[];
}

/** With `aauth` left empty the WLS chooses, and promises the strength of a password. */
const DEFAULT_AAUTH = ['pwd'];

/**
 * Why an authentication does not do for what the attempt asked, or null (Ucam-WebAuth V4.1, `iact` and `aauth`). The
 * request goes through the browser, where anybody can take `iact=yes` out of it; so this is judged from what the
 * attempt has on record.
 *
 * | asked      | will do                                                       |
 * | ---------- | ------------------------------------------------------------- |
 * | `iact=yes` | an accepted `auth`, whatever `sso` says                       |
 * | `iact=no`  | no `auth` at all, and an accepted `sso`                       |
 * | neither    | an accepted `auth`, or an accepted `sso`                      |
 *
 * The specification leaves open what `auth` means after `iact=no`. The person was asked, against our word: so it will
 * not do. A WLS that sends `auth` and `sso` together is taken by either.
 */
export function authenticationProblem(
  { iact, aauth }: AskedAuthentication,
  { auth, sso }: GivenAuthentication,
): 'iact' | 'aauth' | null {
  const accepted = aauth.length === 0 ? DEFAULT_AAUTH : aauth;
  const interactive = auth !== '';
  if (iact === 'yes' && !interactive) return 'iact';
  if (iact === 'no' && interactive) return 'iact';
  const byAuth = interactive && accepted.includes(auth);
  const bySso = iact !== 'yes' && sso.some((one) => accepted.includes(one));
  return byAuth || bySso ? null : 'aauth';
}
