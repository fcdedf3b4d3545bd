import type { CasOptions } from './options.ts';

/** Options that fit a kind of server; spread them into `cas()`. They say only where a server differs from the default. */
export const casPresets = {
  /** Apereo CAS 4 and later. `url` is the server prefix, usually ending in `/cas`. */
  apereo: (url: string): CasOptions => ({ serverUrl: url }),
  /**
   * Keycloak with the CAS protocol extension, which nests the endpoints under the realm and answers refusals with 4xx.
   * `url` is the address of Keycloak itself.
   */
  keycloak: (url: string, realm: string): CasOptions => ({
    serverUrl: `${withoutSlash(url)}/realms/${encodeURIComponent(realm)}/protocol/cas`,
  }),
  /**
   * LemonLDAP::NG. `url` is the address of the portal. It sends attributes in the CAS 2.0 answer and does not escape
   * them, so that an attribute with `&` or `<` in it makes the answer unreadable; JSON is not offered.
   */
  lemonLdapNg: (url: string): CasOptions => ({ serverUrl: `${withoutSlash(url)}/cas`, version: '2.0' }),
  /**
   * django-cas-server. `url` is the server prefix. It sorts and re-encodes the query of a service address, which does no
   * harm to ours, never sends JSON, and knows `service` and `ticket` only, also where it validates by SAML 1.1.
   */
  djangoCasServer: (url: string): CasOptions => ({ serverUrl: url, addressNames: 'service/ticket' }),
} as const;

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '');
}
