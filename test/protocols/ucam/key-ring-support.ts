import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { type KeyRing, openKeyRing } from '../../../src/protocols/ucam/key-ring.ts';
import type { KeySources } from '../../../src/protocols/ucam/key-sources.ts';
import type { KeyPolicy } from '../../../src/protocols/ucam/signers.ts';
import { wlsBase64 } from './support.ts';

export const root = mkdtempSync(join(tmpdir(), 'ucam-keys-'));
after(() => rmSync(root, { recursive: true }));

export const one = generateKeyPairSync('rsa', { modulusLength: 1024 });
export const two = generateKeyPairSync('rsa', { modulusLength: 1024 });
export const pem = ({ publicKey }: { readonly publicKey: KeyObject }) =>
  publicKey.export({ type: 'pkcs1', format: 'pem' }).toString();

export const ANY: KeyPolicy = { signers: null, allowDemoKey: false };

let folders = 0;
/** A new folder with some files. */
export function folder(files: Readonly<Record<string, string>> = {}): string {
  folders += 1;
  const path = join(root, `${folders}`);
  mkdirSync(path);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return path;
}

/** A ring whose files are looked at again with every call of `later`. */
export function open(keys: KeySources, policy = ANY) {
  let now = 1_000_000;
  const said: string[] = [];
  const ring = openKeyRing({
    keys,
    policy,
    clock: () => now,
    logger: { info: (line) => said.push(`info ${line}`), warn: (line) => said.push(`warn ${line}`) },
  });
  const pass = (ms: number) => {
    now += ms;
    ring.find('1');
  };
  return { ring, said, pass, later: () => pass(10_000) };
}

export function trusts(ring: KeyRing, kid: string, { privateKey }: typeof one): boolean {
  return ring.find(kid)?.('text', wlsBase64(sign('RSA-SHA1', Buffer.from('text'), privateKey))) ?? false;
}
