import { generateKeyPair, randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { promisify } from 'node:util';
// Types only: the library itself is loaded when somebody makes a certificate authority.
import type { pki } from 'node-forge';

/** What a development certificate authority is called, and how long it lasts. */
export interface DevelopmentCaOptions {
  /** Default: `koa-campus-sso development CA`. */
  readonly commonName?: string;
  /** How many days the authority is good for, and its certificates no longer (and at most 825). Default: 365. */
  readonly days?: number;
}

/** What a certificate is for. */
export interface IssueOptions {
  /** DNS names (a leading `*.` is fine) and IP addresses. At least one. */
  readonly hosts: readonly string[];
  /** Signs with an intermediate authority, which is then in the chain. Default: `false`. */
  readonly withIntermediate?: boolean;
}

/** A certificate and what belongs to it, all PEM. */
export interface IssuedCertificate {
  /** The private key (PKCS#8). */
  readonly key: string;
  /** The chain as a server sends it: the certificate itself, then the intermediate one if there is one. */
  readonly cert: string;
  /** The certificate of the authority, which whoever calls the server must trust. */
  readonly ca: string;
}

/** A certificate authority for development. */
export interface DevelopmentCa {
  /** Its own certificate, PEM. */
  readonly certificate: string;
  /**
   * Issues a TLS server certificate with a key of its own.
   *
   * @throws TypeError when there is no host, or one that is neither a DNS name nor an IP address.
   */
  issue(options: IssueOptions): Promise<IssuedCertificate>;
}

type Forge = typeof import('node-forge');

interface Keys {
  readonly privatePem: string;
  readonly privateKey: pki.rsa.PrivateKey;
  readonly publicKey: pki.rsa.PublicKey;
}

interface Authority {
  readonly certificate: pki.Certificate;
  readonly keys: Keys;
}

interface Draft {
  readonly commonName: string;
  readonly keys: Keys;
  /** Absent for the authority at the top, which signs itself. */
  readonly issuer?: Authority;
  readonly notAfter: Date;
  readonly extensions: readonly object[];
}

const DAY_MS = 24 * 60 * 60 * 1000;
const HOUR_MS = 60 * 60 * 1000;
// Apple's systems refuse certificates that are good for longer, even when the user trusts the authority.
const LONGEST_LEAF_DAYS = 825;
// The limit of X.509 for a common name.
const LONGEST_NAME = 64;
const makeKeys = promisify(generateKeyPair);

/**
 * Makes a certificate authority out of nothing, so that two servers on one machine can talk TLS. It is for development and
 * tests only: its keys live in the memory of this process and protect nothing. Never make anybody's computer trust it who
 * did not make it, and never use it for a server that others rely on.
 *
 * @throws TypeError when the name is empty or has more than 64 characters, or the days are not a whole number above 0.
 */
export async function createDevelopmentCa(options: DevelopmentCaOptions = {}): Promise<DevelopmentCa> {
  const { commonName = 'koa-campus-sso development CA', days = 365 } = options;
  if (commonName === '' || commonName.length > LONGEST_NAME) {
    throw new TypeError(`createDevelopmentCa: commonName must have 1 to ${LONGEST_NAME} characters.`);
  }
  if (!Number.isInteger(days) || days < 1) {
    throw new TypeError('createDevelopmentCa: days must be a whole number above 0.');
  }
  const { default: forge } = await import('node-forge');
  const notAfter = new Date(Date.now() + days * DAY_MS);

  async function makeAuthority(name: string, depth: number, issuer?: Authority): Promise<Authority> {
    const keys = await newKeys(forge);
    const extensions = authorityExtensions(depth);
    const draft = { commonName: name, keys, notAfter, extensions, ...(issuer && { issuer }) };
    return { certificate: sign(forge, draft), keys };
  }

  const root = await makeAuthority(commonName, 1);
  const ca = toPem(forge, root.certificate);
  let intermediate: Promise<Authority> | undefined;

  return {
    certificate: ca,
    async issue({ hosts, withIntermediate = false }) {
      const altNames = hosts.map(altName);
      const [first] = altNames;
      if (first === undefined) throw new TypeError('issue: at least one host is needed.');
      if (withIntermediate) intermediate ??= makeAuthority('koa-campus-sso development intermediate', 0, root);
      const issuer = (withIntermediate ? await intermediate : undefined) ?? root;
      const keys = await newKeys(forge);
      const name = first.value ?? first.ip;
      const leaf = sign(forge, {
        commonName: name.length > LONGEST_NAME ? 'koa-campus-sso development' : name,
        keys,
        issuer,
        notAfter: new Date(Math.min(notAfter.getTime(), Date.now() + LONGEST_LEAF_DAYS * DAY_MS)),
        extensions: serverExtensions(altNames),
      });
      const chain = issuer === root ? [leaf] : [leaf, issuer.certificate];
      return { key: keys.privatePem, cert: chain.map((certificate) => toPem(forge, certificate)).join(''), ca };
    },
  };
}

// Several seconds faster than the library's own generator, which is written in JavaScript.
async function newKeys(forge: Forge): Promise<Keys> {
  const { privateKey, publicKey } = await makeKeys('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  return {
    privatePem: privateKey,
    privateKey: forge.pki.privateKeyFromPem(privateKey),
    publicKey: forge.pki.publicKeyFromPem(publicKey) as pki.rsa.PublicKey,
  };
}

function sign(forge: Forge, { commonName, keys, issuer, notAfter, extensions }: Draft): pki.Certificate {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = keys.publicKey;
  certificate.serialNumber = serialNumber();
  // Clocks differ a little, most of all between a host and its virtual machines.
  certificate.validity.notBefore = new Date(Date.now() - HOUR_MS);
  certificate.validity.notAfter = notAfter;
  // The library writes a PrintableString otherwise, which has no place for most characters. Its types name the wrong enum.
  const valueTagClass = forge.asn1.Type.UTF8 as number as import('node-forge').asn1.Class;
  certificate.setSubject([{ name: 'commonName', value: commonName, valueTagClass }]);
  certificate.setIssuer((issuer?.certificate ?? certificate).subject.attributes);
  const issuerKeyId = (issuer?.certificate ?? certificate).generateSubjectKeyIdentifier().getBytes();
  certificate.setExtensions([
    ...extensions,
    { name: 'subjectKeyIdentifier' },
    { name: 'authorityKeyIdentifier', keyIdentifier: issuerKeyId },
  ]);
  certificate.sign((issuer?.keys ?? keys).privateKey, forge.md.sha256.create());
  return certificate;
}

function authorityExtensions(depth: number): object[] {
  return [
    { name: 'basicConstraints', critical: true, cA: true, pathLenConstraint: depth },
    { name: 'keyUsage', critical: true, keyCertSign: true, cRLSign: true },
  ];
}

function serverExtensions(altNames: readonly object[]): object[] {
  return [
    { name: 'basicConstraints', critical: true, cA: false },
    { name: 'keyUsage', critical: true, digitalSignature: true, keyEncipherment: true },
    { name: 'extKeyUsage', serverAuth: true },
    { name: 'subjectAltName', altNames },
  ];
}

type AltName =
  | { readonly type: 2; readonly value: string; readonly ip?: never }
  | { readonly type: 7; readonly ip: string; readonly value?: never };

function altName(host: string): AltName {
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  if (isIP(bare) !== 0 && !bare.includes('%')) return { type: 7, ip: bare };
  const wildcard = host.startsWith('*.') ? '*.' : '';
  const ascii = domainToASCII(host.slice(wildcard.length));
  if (!/^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*$/.test(ascii)) {
    throw new TypeError(`issue: ${JSON.stringify(host)} is neither a DNS name nor an IP address.`);
  }
  return { type: 2, value: wildcard + ascii };
}

// 126 unguessable bits behind 01, so that the number is positive and has no superfluous zero byte.
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}

function toPem(forge: Forge, certificate: pki.Certificate): string {
  return forge.pki.certificateToPem(certificate).replaceAll('\r\n', '\n');
}
