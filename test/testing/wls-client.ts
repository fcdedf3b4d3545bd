import assert from 'node:assert/strict';
import { createVerify } from 'node:crypto';
import type { FakeWls } from '../../src/testing/index.ts';
import { type Received, send } from './http-client.ts';

/** The parameters of an authentication request. */
export type Parameters = Readonly<Record<string, string>>;

const before = ['ver', 'status', 'msg', 'issue', 'id', 'url', 'principal'];
const after = ['auth', 'sso', 'life', 'params', 'kid', 'sig'];

/** A reply as an application reads it. */
export interface ReadReply {
  /** The address that it came to, without `WLS-Response`. */
  readonly landing: string;
  readonly text: string;
  /** By name and with `%21` and `%25` undone; `ptags` is undefined where the version has none. */
  readonly fields: Readonly<Record<string, string | undefined>>;
}

/** Reads the encoded text of a reply, by the number of fields that its version has. */
export function readText(text: string): ReadReply['fields'] {
  const names = /^[12]!/.test(text) ? [...before, ...after] : [...before, 'ptags', ...after];
  const values = text.split('!');
  assert.equal(values.length, names.length, text);
  const undo = (value = '') => value.replace(/%(21|25)/g, (_, code) => (code === '21' ? '!' : '%'));
  return Object.fromEntries(names.map((name, index) => [name, undo(values[index])]));
}

/** Reads an address that the browser was sent to. */
export function readLocation(location: string | undefined): ReadReply {
  const [landing = '', response = '', ...more] = (location ?? '').split(/[?&]WLS-Response=/);
  assert.equal(more.length, 0, 'one WLS-Response');
  const text = decodeURIComponent(response.replaceAll('+', ' '));
  return { landing, text, fields: readText(text) };
}

/** Whether a reply is signed with that key as the protocol has it. */
export function isSigned(text: string, publicKey: string, digest = 'RSA-SHA1'): boolean {
  const values = text.split('!');
  const base64 = (values.at(-1) ?? '').replace(/[-._]/g, (character) => ({ '-': '+', '.': '/' })[character] ?? '=');
  const verifier = createVerify(digest).update(values.slice(0, -2).join('!'), 'utf8');
  return verifier.verify(publicKey, Buffer.from(base64, 'base64'));
}

/** A request for the login page. */
export function ask(wls: FakeWls, parameters: Parameters, cookie?: string): Promise<Received> {
  return send(`${wls.loginUrl}?${new URLSearchParams(parameters)}`, { cookie });
}

/** Sends the login form. */
export function submit(wls: FakeWls, form: Parameters, cookie?: string): Promise<Received> {
  return send(new URL('authenticate2.html', wls.loginUrl).href, { form, cookie });
}

/** Logs somebody in whose password is `test`. */
export function logIn(wls: FakeWls, parameters: Parameters, userid = 'test0001', cookie?: string): Promise<Received> {
  return submit(wls, { ...parameters, userid, pwd: 'test' }, cookie);
}

/** The reply that an answer carries. */
export function replyOf(answer: Received): ReadReply {
  assert.ok(answer.status === 303 || answer.status === 302, `a redirect, not ${answer.status}`);
  return readLocation(answer.headers.location);
}
