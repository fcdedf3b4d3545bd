import type { KeyObject } from 'node:crypto';
import type { GrantOffer, Principal } from '../../../machines/vocabulary.ts';
import type { ProxyGrants } from '../../storage/proxy-grants.ts';
import { openEncryptedGrant } from './encrypted-grant.ts';

export interface ClaimOptions {
  readonly grants: ProxyGrants;
  /** The key that encrypted grants are opened with, or null. */
  readonly privateKey: KeyObject | null;
  /** How long a delivery is waited for, in milliseconds. */
  readonly waitMs: number;
  /** Where the server delivers grants, for the warning. */
  readonly callbackUrl: string;
  warn(message: string): void;
}

export type Claimed =
  | { readonly type: 'grant.claimed'; readonly grantId: string }
  | { readonly type: 'grant.missing'; readonly detail: string };

const NO_OFFER =
  'the login server offered none. Usually it could not call the proxy callback (its certificate chain is incomplete or not trusted there, the address cannot be reached from there, or something in front of us answered with another status than 200), or this site is not registered there as one that may proxy';
const NOT_DELIVERED =
  'the login server says that it delivered one, but it did not arrive here. Usually the callback reached another application, or another process that does not share our store';
const NOT_OPENED =
  'the login server sent it encrypted, and the option privateKey does not open it. Usually the key is not the one whose public half is registered there';
const NO_KEY = 'the login server sent it encrypted, and there is no option privateKey';

/** What to tell the operator when a login server refuses everything because it could not deliver a grant. */
export function callbackWarning(what: string, callbackUrl: string, code: string): string {
  return `The login server refused ${what} because it could not use the proxy callback ${callbackUrl} (${code}). Usually its certificate chain is incomplete or not trusted there, the address cannot be reached from there, or this site is not registered there as one that may proxy.`;
}

/** How the grant that a login server offers is claimed. A grant that cannot be had is one warning, and no error. */
export function createClaim({ grants, privateKey, waitMs, callbackUrl, warn }: ClaimOptions) {
  const missing = (detail: string, cause: string): Claimed => {
    warn(`There is no proxy grant: ${cause}. The callback is ${callbackUrl}.`);
    return { type: 'grant.missing', detail };
  };

  return async function claim(
    { principal, grantOffer }: { readonly principal: Principal; readonly grantOffer: GrantOffer | null },
    expiresAt: number,
  ): Promise<Claimed> {
    const { pgtIou = null, encrypted = null } = grantOffer ?? {};
    let pgt = encrypted !== null && privateKey ? openEncryptedGrant(encrypted, privateKey) : null;
    if (pgt === null && pgtIou !== null) pgt = (await grants.claim(pgtIou, waitMs)) ?? null;
    if (pgt === null) {
      if (pgtIou !== null) return missing('not delivered', NOT_DELIVERED);
      if (encrypted === null) return missing('not offered', NO_OFFER);
      return privateKey ? missing('not opened', NOT_OPENED) : missing('no private key', NO_KEY);
    }
    const { issuer, id } = principal;
    return { type: 'grant.claimed', grantId: await grants.keep({ pgt, principal: { issuer, id }, expiresAt }) };
  };
}

export type Claim = ReturnType<typeof createClaim>;
