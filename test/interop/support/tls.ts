import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { needPackages } from './packages.ts';

const run = promisify(execFile);

// Debian's openssl.cnf would add extensions of its own.
const CONFIG = `
[req]
distinguished_name = name
prompt = no
[name]
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[leaf]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = DNS:localhost, IP:127.0.0.1
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
`;

export interface TestTls {
  /** PEM text of the throw-away CA. */
  readonly ca: string;
  /** PEM text of the server certificate for localhost and 127.0.0.1, and of its key. */
  readonly cert: string;
  readonly key: string;
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
}

/** Makes a CA that lives for two days, and one server certificate signed by it, in `directory`. */
export async function makeTestTls(directory: string): Promise<TestTls> {
  await needPackages('openssl');
  const path = (name: string): string => join(directory, name);
  await writeFile(path('openssl.cnf'), CONFIG);
  const certificate = (section: string, subject: string, ...signer: readonly string[]): Promise<unknown> =>
    run('openssl', [
      ...['req', '-x509', '-config', path('openssl.cnf'), '-extensions', section, '-subj', subject, '-days', '2'],
      ...['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
      ...['-keyout', path(`${section}.key`), '-out', path(`${section}.pem`), ...signer],
    ]);
  await certificate('ca', '/CN=koa-campus-sso interop tests');
  await certificate('leaf', '/CN=localhost', '-CA', path('ca.pem'), '-CAkey', path('ca.key'));
  const [ca, cert, key] = await Promise.all(
    ['ca.pem', 'leaf.pem', 'leaf.key'].map((name) => readFile(path(name), 'utf8')),
  );
  return {
    ca: ca!,
    cert: cert!,
    key: key!,
    caFile: path('ca.pem'),
    certFile: path('leaf.pem'),
    keyFile: path('leaf.key'),
  };
}
