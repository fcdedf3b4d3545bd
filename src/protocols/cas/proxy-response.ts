/** `INVALID_TICKET` of Apereo and django-cas-server, `BAD_PGT` of older servers. */
const GONE: ReadonlySet<string> = new Set(['INVALID_TICKET', 'BAD_PGT']);

/**
 * Whether a failure of `/proxy` (CAS 2.7.3) means that the proxy-granting ticket is gone, so that a new login brings a
 * new one. Everything else is a matter of configuration, or of the server: a login would end at the same failure, again
 * and again, as it does in django_cas.
 */
export function grantIsGone(code: string): boolean {
  return GONE.has(code);
}
