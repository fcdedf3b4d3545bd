import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { isKid, type Verifier } from './judgement.ts';
import { createVerifier } from './signature.ts';
import { type KeyPolicy, signerProblem } from './signers.ts';

/** A key that replies may be signed with. */
export interface SigningKey {
  readonly kid: string;
  /** SHA-256 of the DER of its SubjectPublicKeyInfo, in base64. */
  readonly spki: string;
  readonly publicKey: KeyObject;
  readonly verifier: Verifier;
}

export type KeyReading =
  | { readonly kind: 'key'; readonly key: SigningKey }
  | { readonly kind: 'problem'; readonly problem: string };

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?-----END \1-----/g;
const PUBLIC = new Set(['RSA PUBLIC KEY', 'PUBLIC KEY', 'CERTIFICATE']);

const MIN_BITS = 1024;

/**
 * Reads one key: PEM of PKCS#1 (`RSA PUBLIC KEY`), SubjectPublicKeyInfo (`PUBLIC KEY`) or an X.509 certificate.
 *
 * Of a certificate only the key counts. **Its dates are ignored on purpose**, and so are its issuer and its signature:
 * the certificates of the University were self-signed for thirty days each (that of key 2 until September 2004) and
 * have been in use ever since. They are a container for a key, and trust in it comes from where the file was got
 * (waa2wls-protocol V4.1, key management). To check the dates would be an outage for everybody.
 *
 * Only RSA keys of at least 1024 bit are taken: Raven's own has no more.
 *
 * @param pem text with exactly one block
 */
export function readKey(kid: string, pem: string, policy: KeyPolicy): KeyReading {
  if (!isKid(kid)) return problem('expected a kid of one to eight digits, the first of them not 0.');
  const blocks = [...pem.matchAll(BLOCK)];
  const [block] = blocks;
  if (block === undefined) return problem('found no PEM block, such as -----BEGIN CERTIFICATE-----.');
  if (blocks.length > 1) return problem('found several PEM blocks. A kid has one key.');
  const [text, label = ''] = block;
  if (label.endsWith('PRIVATE KEY')) {
    return problem(
      'found a private key. It belongs to the login server alone; anybody who has it signs in as anybody.',
    );
  }
  if (!PUBLIC.has(label)) return problem('expected an RSA PUBLIC KEY, a PUBLIC KEY or a CERTIFICATE in PEM.');
  const key = parsed(text);
  if (key === null) return problem('the PEM block cannot be read. Are its line breaks still there?');
  if (key.asymmetricKeyType !== 'rsa') return problem('expected an RSA key.');
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
  if (modulusLength < MIN_BITS) return problem(`expected an RSA key of at least ${MIN_BITS} bit.`);
  // With the exponent 1 everything is signed.
  if (publicExponent < 3n) return problem('expected an RSA key with a public exponent of at least 3.');
  const spki = fingerprint(key);
  const unfit = signerProblem(kid, spki, policy);
  return unfit === null
    ? { kind: 'key', key: { kid, spki, publicKey: key, verifier: createVerifier(key) } }
    : problem(unfit);
}

/** SHA-256 of the DER of a key's SubjectPublicKeyInfo, in base64. */
export function fingerprint(key: KeyObject): string {
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('base64');
}

function parsed(pem: string): KeyObject | null {
  try {
    return createPublicKey(pem);
  } catch {
    return null;
  }
}

function problem(text: string): KeyReading {
  return { kind: 'problem', problem: text };
}
