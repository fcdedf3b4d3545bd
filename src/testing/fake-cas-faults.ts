import { createPublicKey } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { gzipSync } from 'node:zlib';
import { type Validation, xmlAnswer } from './fake-cas-answers.ts';
import {
  badCharset,
  doctypeDocument,
  firstPart,
  foreignDocument,
  proxiedAnswer,
  successOf,
  twoOutcomes,
} from './fake-cas-fault-bodies.ts';
import { type Answer, plainText, send } from './fake-server-http.ts';

const anywhere = [
  'slow',
  'hang',
  'drop-before-headers',
  'drop-after-headers',
  'html-error',
  'status-500',
  'status-404',
  'redirect',
  'huge',
  'bomb',
  'truncated',
  'empty',
] as const;

type FaultAnywhere = (typeof anywhere)[number];
type FaultInDocument = 'wrong-namespace' | 'two-outcomes' | 'two-users' | 'doctype' | 'bad-charset' | 'proxied';
type FaultInCallback = 'late-callback' | 'no-callback' | 'double-callback';

/**
 * A way to misbehave.
 *
 * | fault                        | the answer                                                                             |
 * |------------------------------|----------------------------------------------------------------------------------------|
 * | `slow`, `{ kind: 'slow', ms }` | is right, but comes after `ms` milliseconds (1000 for the bare name)                 |
 * | `hang`                       | never comes; the connection stays open until the client or `close()` ends it           |
 * | `drop-before-headers`        | never comes; the connection is cut                                                     |
 * | `drop-after-headers`         | starts, then the connection is cut in the middle of the body                           |
 * | `html-error`                 | 200 with an HTML page that is not well-formed XML                                      |
 * | `status-500`, `status-404`   | that status with a line of text                                                        |
 * | `redirect`                   | 302 to another page of this server, where a success awaits whoever follows             |
 * | `huge`                       | a success with 50 MB of white space inside, sent as fast as the client reads           |
 * | `bomb`                       | the same with 256 MB, gzip-encoded although nobody asked for it                        |
 * | `truncated`                  | is complete for HTTP, but the document ends in the middle, after the user              |
 * | `empty`                      | 200 without a body                                                                     |
 * | `wrong-namespace` †          | a success in a namespace that is not the one of CAS                                    |
 * | `two-outcomes` †             | a success followed by a failure (in JSON when JSON was asked for)                      |
 * | `two-users` †                | a success that names two users                                                         |
 * | `doctype` †                  | a success whose user is an entity defined in the document                              |
 * | `bad-charset` †              | a success whose user contains a byte that is not UTF-8                                 |
 * | `proxied` †                  | a success that came through `https://proxy.example.org/callback`, whatever the endpoint |
 * | `{ kind: 'failure', code, message? }` ‡ | a failure with that CAS code                                                |
 * | `late-callback`, `{ kind: 'late-callback', ms }` † | is right, but the proxy callback comes `ms` milliseconds after it (1000 for the bare name) |
 * | `no-callback` †              | holds an IOU, but the callback never comes                                             |
 * | `double-callback` †          | is right, but the IOU was delivered a second time, with a PGT that is good for nothing |
 * | `{ kind: 'encrypted-grant', publicKey }` † | holds the PGT itself instead of an IOU, as the attribute `proxyGrantingTicket`, encrypted for that RSA key (PEM) with PKCS#1 v1.5 padding, in base64; no callback |
 *
 * † at the validation endpoints only; ‡ at those and at `/proxy`. Except for `proxied`, `failure` and those that concern the
 * callback, which are told in the format that was asked for, these answers are CAS XML. Those that concern the callback need
 * a validation that would bring a grant; every other validation is answered as if there were no fault.
 *
 * The successes name the user of the ticket, or the first user when the ticket is not good: a client without the defence
 * in question logs that user in, and a test notices. At `/proxy` they carry the proxy ticket, or a made-up one. The request
 * itself is carried out first, so its ticket is spent.
 */
export type FakeCasFault =
  | FaultAnywhere
  | FaultInDocument
  | FaultInCallback
  | { readonly kind: 'slow' | 'late-callback'; readonly ms: number }
  | { readonly kind: 'encrypted-grant'; readonly publicKey: string }
  | { readonly kind: 'failure'; readonly code: string; readonly message?: string };

/** The kinds of endpoint that can misbehave. */
export type FakeCasEndpoint = 'validate' | 'proxy' | 'login' | 'logout';

/** The name of a fault. */
export function faultKind(fault: FakeCasFault): string {
  return typeof fault === 'string' ? fault : fault.kind;
}

/** @throws TypeError when the fault cannot happen at that kind of endpoint, or not at all. */
export function checkFault(fault: FakeCasFault, endpoint: FakeCasEndpoint): void {
  const kind = faultKind(fault);
  const fits =
    endpoint === 'validate' ||
    (anywhere as readonly string[]).includes(kind) ||
    (endpoint === 'proxy' && typeof fault === 'object' && fault.kind === 'failure');
  if (!fits)
    throw new TypeError(`misbehave: the fault ${kind} cannot happen at the kind of endpoint called ${endpoint}.`);
  if (typeof fault === 'object' && fault.kind === 'encrypted-grant' && !isRsaKey(fault.publicKey)) {
    throw new TypeError(
      'misbehave: the public key of encrypted-grant must be one for RSA with 1024 bits or more, in PEM.',
    );
  }
}

function isRsaKey(pem: string): boolean {
  try {
    const key = createPublicKey(pem);
    return key.asymmetricKeyType === 'rsa' && (key.asymmetricKeyDetails?.modulusLength ?? 0) >= 1024;
  } catch {
    return false;
  }
}

/** What a fault has to work with. */
export interface Spoilable {
  readonly response: ServerResponse;
  /** The right answer. */
  readonly answer: Answer;
  /** What the answer says, when it is one of a validation. */
  readonly validation: Validation | undefined;
  /** The name that a success of a validation shall carry. */
  readonly user: string;
  /** An ordinary XML success of the endpoint. `more` is XML inside of it. */
  success(more?: string): string;
  /** A failure in the format that was asked for; none when the endpoint has no such thing. */
  failure(code: string, message: string): Answer | undefined;
  /** Where the `redirect` fault leads. */
  readonly elsewhere: string;
  /** Calls back after so many milliseconds, unless the server is closed before. */
  later(ms: number, action: () => void): void;
}

/** How long a fault that delays something does so by default. */
export const SLOW_MS = 1000;
const TOLD = 'The fake CAS server was told to fail.';
const MEGABYTE = 1024 * 1024;
const HUGE_MEGABYTES = 50;
const BOMB_MEGABYTES = 256;

/** Sends the answer spoilt by the fault. */
export function sendFaulty(fault: FakeCasFault, spoilable: Spoilable): void {
  const { response, answer, validation, user, success } = spoilable;
  if (typeof fault === 'object') {
    if (fault.kind === 'slow') spoilable.later(fault.ms, () => send(response, answer));
    else if (fault.kind === 'failure') send(response, spoilable.failure(fault.code, fault.message ?? TOLD) ?? answer);
    else send(response, answer);
    return;
  }
  switch (fault) {
    case 'slow':
      spoilable.later(SLOW_MS, () => send(response, answer));
      return;
    case 'hang':
      return;
    case 'drop-before-headers':
      response.socket?.destroy();
      return;
    case 'drop-after-headers':
      response.writeHead(answer.status, { ...answer.headers, 'Content-Length': Buffer.byteLength(answer.body) + 1 });
      response.write(firstPart(answer.body), () => response.socket?.destroy());
      return;
    case 'html-error':
      send(response, {
        status: 200,
        headers: { 'Content-Type': 'text/html; charset=utf-8' },
        body: '<!doctype html>\n<html>\n<title>Service unavailable</title>\n<p>We are doing maintenance work.<br>Please try again later & have a nice day.\n',
      });
      return;
    case 'status-500':
      send(response, plainText(500, 'Internal Server Error\n'));
      return;
    case 'status-404':
      send(response, plainText(404, 'Not Found\n'));
      return;
    case 'redirect':
      send(response, { status: 302, headers: { Location: spoilable.elsewhere }, body: '' });
      return;
    case 'huge':
      stream(
        response,
        {},
        padded(success('\u0000'), HUGE_MEGABYTES, (piece) => piece),
      );
      return;
    case 'bomb':
      stream(response, { 'Content-Encoding': 'gzip' }, padded(success('\u0000'), BOMB_MEGABYTES, gzipSync));
      return;
    case 'truncated':
      send(response, { ...answer, body: firstPart(answer.body) });
      return;
    case 'empty':
      send(response, { ...answer, status: 200, body: '' });
      return;
    case 'wrong-namespace':
      send(response, xmlAnswer(foreignDocument(user)));
      return;
    case 'two-outcomes':
      send(response, twoOutcomes(user, validation));
      return;
    case 'two-users':
      send(response, xmlAnswer(successOf(user, '<cas:user>mallory</cas:user>')));
      return;
    case 'doctype':
      send(response, xmlAnswer(doctypeDocument(user)));
      return;
    case 'bad-charset':
      sendBytes(response, badCharset(user));
      return;
    case 'proxied':
      if (validation !== undefined) send(response, proxiedAnswer(validation, user));
      return;
    case 'late-callback':
    case 'no-callback':
    case 'double-callback':
      send(response, answer);
      return;
  }
}

function sendBytes(response: ServerResponse, bytes: Buffer): void {
  response.writeHead(200, { 'Content-Type': 'application/xml;charset=UTF-8', 'Content-Length': bytes.length });
  response.end(bytes);
}

function* padded(document: string, megabytes: number, encode: (piece: Buffer) => Buffer): Generator<Buffer> {
  const [before = '', after = ''] = document.split('\u0000');
  const filling = encode(Buffer.alloc(MEGABYTE, ' '));
  yield encode(Buffer.from(before));
  // For the bomb each piece is a whole gzip member; members in a row expand to the pieces in a row.
  for (let sent = 0; sent < megabytes; sent += 1) yield filling;
  yield encode(Buffer.from(after));
}

function stream(response: ServerResponse, headers: Readonly<Record<string, string>>, pieces: Iterable<Buffer>): void {
  response.writeHead(200, { 'Content-Type': 'application/xml;charset=UTF-8', ...headers });
  // A client that has enough hangs up, and that is what the fault is for.
  pipeline(pieces, response).catch(() => response.destroy());
}
