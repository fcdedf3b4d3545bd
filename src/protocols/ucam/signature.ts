import { type KeyObject, verify } from 'node:crypto';
import type { Verifier } from './judgement.ts';

/** The verifier for one key; see {@link signatureHolds}. */
export function createVerifier(key: KeyObject): Verifier {
  return (signedText, signature) => signatureHolds(key, Buffer.from(signedText, 'utf8'), signature);
}

/**
 * Whether a signature is that of some bytes: RSASSA-PKCS1-v1_5 with SHA-1, as every WLS signs (Ucam-WebAuth V4.1,
 * `sig`). A failure of OpenSSL is a signature that does not hold; whether OpenSSL takes such signatures at all is what
 * {@link signatureSelfTest} finds out at the start.
 *
 * SHA-1 no longer keeps apart two texts by one author, but the author here is the WLS: a forger would have to guess the
 * time and the id of a reply beforehand and bring blocks of a collision into `params`, which are compared with ours.
 *
 * Synchronous, since a verification takes 15 to 40 microseconds and the way to another thread ten times as long.
 *
 * @param signature base64 with `-._` for `+/=`; that it is spelled in no other way is for the caller to see to
 */
export function signatureHolds(key: KeyObject, bytes: Uint8Array, signature: string): boolean {
  try {
    return verify('RSA-SHA1', bytes, key, signatureBytes(signature));
  } catch {
    return false;
  }
}

/** `_` stands for padding here, and for `/` in base64url, which Node would take it for. */
function signatureBytes(signature: string): Buffer {
  const base64 = signature.replaceAll('-', '+').replaceAll('.', '/').replaceAll('_', '=');
  return Buffer.from(base64, 'base64');
}
