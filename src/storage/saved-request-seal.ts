import { hkdfSync } from 'node:crypto';
import type { PrincipalRef } from '../../machines/vocabulary.ts';
import { SsoError } from '../errors.ts';
import { createSealer, type Sealer } from './seal.ts';

/** All that is kept of a request besides its body. */
export interface RequestLabel {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly owner: PrincipalRef | null;
  /** How many bytes the body has. */
  readonly size: number;
  readonly savedAt: number;
  readonly expiresAt: number;
  readonly idempotencyKey: string;
  readonly replays: number;
}

/** Seals what belongs to one login attempt. `open…` gives undefined for whatever it did not seal for that very place. */
export interface RequestSealer {
  sealLabel(id: string, label: RequestLabel): string;
  openLabel(id: string, sealed: string): RequestLabel | undefined;
  /** The body opens only together with the id, the method, the URL and the owner that it was sealed with. */
  sealBody(id: string, label: RequestLabel, body: Buffer): string;
  openBody(id: string, label: RequestLabel, sealed: string): Buffer | undefined;
}

const KEY_BYTES = 32;
const COOKIE_SECRET_BYTES = 32;

/**
 * Makes the sealers of login attempts: AES-256-GCM under keys that need both a secret of the site and the secret that one
 * browser holds for the attempt. The first of the site's secrets seals, all open.
 *
 * @returns gives the sealer for a cookie secret; undefined if that is not 256 bits in base64url
 * @throws SsoError `ERR_SSO_OPTIONS` if there is no secret, or an empty one
 */
export function createRequestSealers(secrets: readonly string[]): (cookieSecret: string) => RequestSealer | undefined {
  if (secrets.length === 0 || secrets.includes('')) {
    throw new SsoError('ERR_SSO_OPTIONS', {
      message: '`secrets` is empty or holds an empty text: give random secrets.',
    });
  }
  const siteKeys = secrets.map((secret) => derive(secret, 'koa-campus-sso/saved-request/1/site'));

  return (cookieSecret) => {
    const own = Buffer.from(cookieSecret, 'base64url');
    // Node's decoder takes any text for base64url: a cookie that is empty, cut short or changed must not become a key.
    if (own.length !== COOKIE_SECRET_BYTES || own.toString('base64url') !== cookieSecret) return undefined;
    // Both parts have a fixed length, so that no two pairs give the same key.
    const attemptKeys = siteKeys.map((site) =>
      derive(Buffer.concat([site, own]), 'koa-campus-sso/saved-request/1/attempt').toString('base64url'),
    );
    return requestSealer(createSealer(attemptKeys));
  };
}

function requestSealer(sealer: Sealer): RequestSealer {
  const labelContext = (id: string) => JSON.stringify(['saved request, label', id]);
  const bodyContext = (id: string, { method, url, owner }: RequestLabel) =>
    JSON.stringify(['saved request, body', id, method, url, owner && [owner.issuer, owner.id]]);
  return {
    sealLabel: (id, label) => sealer.seal(JSON.stringify(label), labelContext(id)),
    openLabel(id, sealed) {
      const plain = sealer.open(sealed, labelContext(id));
      if (plain === undefined) return undefined;
      const label: RequestLabel = JSON.parse(plain.toString('utf8'));
      return label;
    },
    sealBody: (id, label, body) => sealer.seal(body, bodyContext(id, label)),
    openBody: (id, label, sealed) => sealer.open(sealed, bodyContext(id, label)),
  };
}

function derive(from: Buffer | string, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', from, '', purpose, KEY_BYTES));
}
