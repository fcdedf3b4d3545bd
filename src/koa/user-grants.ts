import type { PrincipalRef } from '../../machines/vocabulary.ts';
import { SsoError } from '../errors.ts';
import type { ProxyGrantOf } from '../koa-types.ts';
import type { Logins } from '../storage/logins.ts';
import type { ProxyGrants } from '../storage/proxy-grants.ts';
import type { ProxyClient } from './proxy-client.ts';

/** The proxy grants of people. */
export interface UserGrants {
  /**
   * The grant of the latest login of a person that holds and has one. Does not count as activity of that login.
   * @param user somebody as in `ctx.state.user`, or the name that the login server has for them
   * @throws SsoError ERR_SSO_NO_PROXY_GRANT, ERR_SSO_STORE
   */
  forUser(user: PrincipalRef | string): Promise<ProxyGrantOf>;
}

export interface UserGrantsOptions {
  readonly grants: ProxyGrants;
  readonly logins: Logins;
  readonly proxyClient: ProxyClient;
  /** Whose names a name alone means. */
  readonly issuer: string;
}

export function createUserGrants({ grants, logins, proxyClient, issuer }: UserGrantsOptions): UserGrants {
  return {
    async forUser(user) {
      const person = typeof user === 'string' ? { issuer, id: user } : { issuer: user.issuer, id: user.id };
      for (const { grantId, loginId, expiresAt } of await grants.entriesOf(person)) {
        // The index may speak of logins that have ended, and of grants that the server gave up.
        const login = await logins.peek(loginId);
        if (login?.grantId !== grantId || !(await grants.find(grantId))) continue;
        return {
          proxyTicket: (service) => proxyClient.ticket({ grantId, principal: person }, service),
          fetch: (url, init) => proxyClient.fetch({ grantId, principal: person }, url, init),
          expiresAt: new Date(expiresAt),
        };
      }
      throw new SsoError('ERR_SSO_NO_PROXY_GRANT');
    },
  };
}
