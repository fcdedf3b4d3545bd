import {
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from 'node:crypto';
import { promisify } from 'node:util';

/** How a reply is signed. */
export type FakeWlsSignature =
  /** With the key of the server, as it should be. */
  | 'good'
  /** Not at all: `kid` and `sig` are empty. */
  | 'none'
  /** With one bit of the signature turned over. */
  | 'altered'
  /** With a key of the same length that nobody knows, under the `kid` of this server. */
  | 'other-key'
  /** With the right key, but with SHA-256. */
  | 'sha-256';

/** Where the key of the server comes from. */
export interface FakeWlsKeyOptions {
  /** The name of the key in replies: one to eight digits, the first of which is not 0. Default: `77`. */
  readonly kid?: string;
  /** The length of the new key in bits: 1024, 2048, 3072 or 4096. Default: 2048. */
  readonly modulusLength?: number;
  /**
   * An RSA key to use instead of a new one, PEM: for an application that runs in another process and reads the public key
   * from a file. It protects nothing, so never a key that signs for real.
   */
  readonly privateKey?: string;
}

/** The key that signs replies. */
export interface WlsKey {
  readonly kid: string;
  /** The public key, PEM: `BEGIN PUBLIC KEY`. */
  readonly spki: string;
  /** The public key, PEM: `BEGIN RSA PUBLIC KEY`. */
  readonly pkcs1: string;
  /** The public key in a self-signed certificate that expired in 2004, PEM. */
  certificate(): Promise<string>;
  /** The signature of `text` in the base64 of the protocol; empty for `none`. */
  sign(text: string, how: FakeWlsSignature): string;
}

const makeKeys = promisify(generateKeyPair);

/**
 * The key of a server.
 *
 * @throws TypeError when the `kid` is none, the length is not one of the four, or the private key is not one for RSA; the
 * error of OpenSSL when its policy forbids SHA-1.
 */
export async function createWlsKey({
  kid = '77',
  modulusLength = 2048,
  privateKey,
}: FakeWlsKeyOptions): Promise<WlsKey> {
  if (!/^[1-9][0-9]{0,7}$/.test(kid)) {
    throw new TypeError('startFakeWls: kid must be one to eight digits, the first of which is not 0.');
  }
  if (![1024, 2048, 3072, 4096].includes(modulusLength)) {
    throw new TypeError('startFakeWls: modulusLength must be 1024, 2048, 3072 or 4096.');
  }
  const own =
    privateKey === undefined ? (await makeKeys('rsa', { modulusLength })).privateKey : readPrivateKey(privateKey);
  const publicKey = createPublicKey(own);
  let stranger: KeyObject | undefined;
  let certificate: Promise<string> | undefined;

  // Where the policy of OpenSSL forbids SHA-1, this fails now and not in the middle of a login.
  sign('RSA-SHA1', Buffer.from(kid), own);

  return {
    kid,
    spki: publicKey.export({ type: 'spki', format: 'pem' }) as string,
    pkcs1: publicKey.export({ type: 'pkcs1', format: 'pem' }) as string,
    certificate() {
      certificate ??= expiredCertificate(kid, own);
      return certificate;
    },
    sign(text, how) {
      if (how === 'none') return '';
      const length = own.asymmetricKeyDetails?.modulusLength ?? modulusLength;
      if (how === 'other-key') stranger ??= generateKeyPairSync('rsa', { modulusLength: length }).privateKey;
      const key = how === 'other-key' && stranger !== undefined ? stranger : own;
      const signature = sign(how === 'sha-256' ? 'RSA-SHA256' : 'RSA-SHA1', Buffer.from(text, 'utf8'), key);
      if (how === 'altered') signature[9] = (signature[9] ?? 0) ^ 0x10;
      return toWlsBase64(signature);
    },
  };
}

/** Base64 as the protocol writes it (1.3): with `-`, `.` and `_` for `+`, `/` and `=`. */
export function toWlsBase64(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('+', '-').replaceAll('/', '.').replaceAll('=', '_');
}

function readPrivateKey(pem: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch (cause) {
    throw new TypeError('startFakeWls: privateKey must be a private key in PEM, without a passphrase.', { cause });
  }
  if (key.asymmetricKeyType !== 'rsa') throw new TypeError('startFakeWls: privateKey must be a key for RSA.');
  return key;
}

// Dates, digest and serial number are those of the University's certificate for key 2, since they are what clients trip over.
async function expiredCertificate(kid: string, key: KeyObject): Promise<string> {
  const { default: forge } = await import('node-forge');
  const privateKey = forge.pki.privateKeyFromPem(key.export({ type: 'pkcs1', format: 'pem' }) as string);
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.rsa.setPublicKey(privateKey.n, privateKey.e);
  certificate.serialNumber = '00';
  certificate.validity.notBefore = new Date('2004-08-10T00:00:00Z');
  certificate.validity.notAfter = new Date('2004-09-09T00:00:00Z');
  const name = [
    { name: 'organizationName', value: 'Example University' },
    { name: 'commonName', value: `Fake WLS public key ${kid}` },
  ];
  certificate.setSubject(name);
  certificate.setIssuer(name);
  certificate.sign(privateKey, forge.md.md5.create());
  return forge.pki.certificateToPem(certificate).replaceAll('\r\n', '\n');
}
