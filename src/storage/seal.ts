import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { SsoError } from '../errors.ts';

/** Seals and opens small secrets: authenticated encryption, bound to the place where the text is kept. */
export interface Sealer {
  /**
   * Encrypts with the first secret. Two seals of the same text differ.
   *
   * @param plain the bytes, or text that is taken as UTF-8
   * @param context where the sealed text will be kept (the storage key); `open` must be given the same
   * @returns `1.<key id>.<nonce>.<ciphertext and tag>`, each part base64url
   */
  seal(plain: Buffer | string, context: string): string;
  /**
   * Decrypts with whichever secret sealed it.
   *
   * @returns the bytes, or undefined for anything that `seal` did not make with one of our secrets for this context:
   *   malformed, cut short, changed, moved from another context, or sealed with a secret that is gone. Never throws.
   */
  open(sealed: string, context: string): Buffer | undefined;
}

const VERSION = '1';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;
const KEY_ID_BYTES = 6;

interface SealingKey {
  readonly id: string;
  readonly key: Buffer;
}

/**
 * Makes a sealer: AES-256-GCM with a random 96-bit nonce, the key derived from each secret by HKDF-SHA256.
 *
 * @param secrets the first one seals, all of them open. To rotate, put the new secret in front and drop the old one
 *   when everything it sealed has expired. HKDF does not stretch: each must be random, 32 bytes or more, not a
 *   passphrase.
 * @throws SsoError `ERR_SSO_OPTIONS` if there is no secret, or an empty one
 */
export function createSealer(secrets: readonly string[]): Sealer {
  const keys = secrets.map(deriveKey);
  const first = keys[0];
  if (first === undefined) {
    throw new SsoError('ERR_SSO_OPTIONS', { message: '`secrets` is empty: give at least one random secret.' });
  }
  // The first of two equal ids wins, so that sealing and opening agree on the key.
  const byId = new Map(keys.reverse().map((key) => [key.id, key] as const));

  return {
    seal(plain, context) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', first.key, nonce, { authTagLength: TAG_BYTES });
      cipher.setAAD(Buffer.from(context, 'utf8'));
      const body = Buffer.concat([
        typeof plain === 'string' ? cipher.update(plain, 'utf8') : cipher.update(plain),
        cipher.final(),
        cipher.getAuthTag(),
      ]);
      return `${VERSION}.${first.id}.${nonce.toString('base64url')}.${body.toString('base64url')}`;
    },

    open(sealed, context) {
      const [version, id, nonceText, bodyText, ...rest] = sealed.split('.', 5);
      if (version !== VERSION || id === undefined || rest.length > 0) return undefined;
      const key = byId.get(id);
      const nonce = decode(nonceText);
      const body = decode(bodyText);
      if (key === undefined || nonce?.length !== NONCE_BYTES || body === undefined || body.length < TAG_BYTES) {
        return undefined;
      }
      const decipher = createDecipheriv('aes-256-gcm', key.key, nonce, { authTagLength: TAG_BYTES });
      decipher.setAAD(Buffer.from(context, 'utf8'));
      decipher.setAuthTag(body.subarray(-TAG_BYTES));
      const plain = decipher.update(body.subarray(0, -TAG_BYTES));
      try {
        return Buffer.concat([plain, decipher.final()]);
      } catch {
        return undefined;
      }
    },
  };
}

function deriveKey(secret: string): SealingKey {
  if (secret === '') {
    throw new SsoError('ERR_SSO_OPTIONS', { message: '`secrets` holds an empty text: give random secrets.' });
  }
  const derive = (info: string, bytes: number) => Buffer.from(hkdfSync('sha256', secret, '', info, bytes));
  return {
    id: derive('koa-campus-sso/seal/1/id', KEY_ID_BYTES).toString('base64url'),
    key: derive('koa-campus-sso/seal/1/key', KEY_BYTES),
  };
}

/** Node's decoder ignores what it does not understand, so that a changed text could still open: only its own spelling is taken. */
function decode(text: string | undefined): Buffer | undefined {
  if (text === undefined) return undefined;
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : undefined;
}
