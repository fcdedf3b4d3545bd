import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { gzipSync } from 'node:zlib';
import { type Validation, xmlAnswer } from './fake-cas-answers.ts';
import {
  badCharset,
  doctypeDocument,
  failureAnswer,
  firstPart,
  foreignDocument,
  proxiedAnswer,
  successOf,
  twoOutcomes,
} from './fake-cas-fault-bodies.ts';
import { type Answer, plainText, send } from './fake-cas-http.ts';

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
 * | `{ kind: 'failure', code, message? }` † | a failure with that CAS code                                                |
 *
 * † at the validation endpoints only. Except for `proxied` and `failure`, which are told in the format that was asked for, these
 * answers are CAS XML.
 *
 * The successes name the user of the ticket, or the first user when the ticket is not good: a client without the defence
 * in question logs that user in, and a test notices. The request itself is carried out first, so its ticket is spent.
 */
export type FakeCasFault =
  | FaultAnywhere
  | FaultInDocument
  | { readonly kind: 'slow'; readonly ms: number }
  | { readonly kind: 'failure'; readonly code: string; readonly message?: string };

/** The kinds of endpoint that can misbehave. */
export type FakeCasEndpoint = 'validate' | 'login' | 'logout';

/** Whether a fault can happen at that kind of endpoint. */
export function faultFits(fault: FakeCasFault, endpoint: FakeCasEndpoint): boolean {
  if (endpoint === 'validate') return true;
  return typeof fault === 'string' ? (anywhere as readonly string[]).includes(fault) : fault.kind === 'slow';
}

/** What a fault has to work with. */
export interface Spoilable {
  readonly response: ServerResponse;
  /** The right answer. */
  readonly answer: Answer;
  /** What the answer says, when it is one of a validation. */
  readonly validation: Validation | undefined;
  /** The name that a success shall carry. */
  readonly user: string;
  /** Where the `redirect` fault leads. */
  readonly elsewhere: string;
  /** Calls back after so many milliseconds, unless the server is closed before. */
  later(ms: number, action: () => void): void;
}

const SLOW_MS = 1000;
const MEGABYTE = 1024 * 1024;
const HUGE_MEGABYTES = 50;
const BOMB_MEGABYTES = 256;

/** Sends the answer spoilt by the fault. */
export function sendFaulty(fault: FakeCasFault, spoilable: Spoilable): void {
  const { response, answer, validation, user } = spoilable;
  if (typeof fault === 'object') {
    if (fault.kind === 'slow') spoilable.later(fault.ms, () => send(response, answer));
    else if (validation !== undefined) send(response, failureAnswer(validation, fault.code, fault.message));
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
        padded(user, HUGE_MEGABYTES, (piece) => piece),
      );
      return;
    case 'bomb':
      stream(response, { 'Content-Encoding': 'gzip' }, padded(user, BOMB_MEGABYTES, gzipSync));
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
  }
}

function sendBytes(response: ServerResponse, bytes: Buffer): void {
  response.writeHead(200, { 'Content-Type': 'application/xml;charset=UTF-8', 'Content-Length': bytes.length });
  response.end(bytes);
}

function* padded(user: string, megabytes: number, encode: (piece: Buffer) => Buffer): Generator<Buffer> {
  const [before = '', after = ''] = successOf(user, '\u0000').split('\u0000');
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
