import type { FakeServerOptions } from './fake-server.ts';
import type { Repetition } from './fake-server-faults.ts';
import type { FakeWlsFault } from './fake-wls-faults.ts';
import type { FakeWlsKeyOptions, FakeWlsSignature } from './fake-wls-key.ts';
import type { FakeWlsFields, FakeWlsReply } from './fake-wls-reply.ts';
import type { FakeWlsStyle } from './fake-wls-styles.ts';
import type { FakeWlsUser } from './fake-wls-users.ts';

/** How `startFakeWls` sets the server up. Everything is optional. */
export interface FakeWlsOptions extends FakeServerOptions, FakeWlsKeyOptions {
  /** Who can log in. Default: `defaultFakeWlsUsers`. */
  readonly users?: readonly FakeWlsUser[];
  /** Whose habits it has. Default: `raven`. */
  readonly style?: FakeWlsStyle;
  /** How long a single sign-on session lasts, in seconds; replies tell what is left of it. Default: that of the style. */
  readonly lifeSeconds?: number;
  /** No reply has a higher version than this, whatever was asked for. Default: 3. */
  readonly highestVersion?: 1 | 2 | 3;
  /** The present, in milliseconds since the epoch. Default: `Date.now`. */
  readonly clock?: () => number;
}

/** How many requests each kind of endpoint has seen so far, whether they went well or not. */
export interface FakeWlsCounts {
  /** `/auth/authenticate.html`, where applications send the browser. */
  readonly authenticate: number;
  /** `/auth/authenticate2.html`, where the login form is sent. */
  readonly credentials: number;
  readonly logout: number;
  /** Everything else: the stylesheet, and addresses that do not exist. */
  readonly other: number;
}

/** A request at `/auth/authenticate.html` that the server has seen. */
export interface FakeWlsRequest {
  /** The query as it came, without the question mark. */
  readonly query: string;
  /** Its parameters, decoded. One that occurs twice is here with its last value. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** A reply made without a browser. */
export interface IssueReplyOptions {
  /**
   * The address of the login page to which the application has sent the browser. The next three, and whether the person
   * had to type the password, are taken from it.
   */
  readonly request?: string | URL;
  /** Where the reply goes. Needed without `request`. */
  readonly url?: string;
  /** Default: that of `request`, or empty. */
  readonly params?: string;
  /** The version of the reply. Default: that of `request`, or 3; lower for the failures that the style tells in version 1. */
  readonly ver?: 1 | 2 | 3;
  /** Who logs in. Default: the first user. */
  readonly principal?: string;
  /** The password was typed for this request (`auth`); otherwise it is single sign-on (`sso`). Default: `true`, unless `request` has `iact=no`. */
  readonly interactive?: boolean;
  /** Any other than 200 is a failure, and names nobody. Default: 200. */
  readonly status?: number;
  /** What a failure says. Default: a sentence for its status. */
  readonly msg?: string;
  /** How long after now the reply is issued, in milliseconds. Default: 0. */
  readonly clockOffsetMs?: number;
  /** Default: `good`, or `none` for the failures that the style does not sign. */
  readonly signature?: FakeWlsSignature;
  /** These fields instead of those that follow from the above, unescaped; they are signed. */
  readonly fields?: Partial<FakeWlsFields>;
}

/** How `sign` signs. */
export interface SignOptions {
  /** The name of the key that is told. Default: that of the server; empty for the signature `none`. */
  readonly kid?: string;
  /** Default: `good`. */
  readonly signature?: FakeWlsSignature;
}

/** A running fake web login server. */
export interface FakeWls {
  /** Its address without a trailing slash: `http://localhost:41234`. */
  readonly url: string;
  /** Where an application sends the browser to log in. */
  readonly loginUrl: string;
  /** Where a person logs out. */
  readonly logoutUrl: string;
  /** The name of the key in replies. */
  readonly kid: string;
  /** The public key, PEM (SPKI: `BEGIN PUBLIC KEY`). */
  readonly publicKey: string;
  /** The same in PKCS#1 (`BEGIN RSA PUBLIC KEY`), as Apache, Perl and Python clients want it. */
  readonly publicKeyPkcs1: string;
  /**
   * The same in a certificate (`BEGIN CERTIFICATE`), as PHP and Django clients want it. Like those of the University it is
   * self-signed and expired in 2004.
   */
  certificate(): Promise<string>;
  readonly users: readonly FakeWlsUser[];
  /** Goes on counting; read it whenever needed. */
  readonly counts: FakeWlsCounts;
  /** The last 1000 authentication requests, oldest first. */
  readonly requests: readonly FakeWlsRequest[];
  /** The last 1000 replies that browsers were sent away with, oldest first. */
  readonly replies: readonly FakeWlsReply[];
  /**
   * Makes the next replies go wrong: by default one. Calls add up: the second fault begins when the first has happened as
   * often as it should. A failure shown by the server itself (`fail=yes`) uses a fault up as a reply does.
   *
   * @throws TypeError when there is no such fault, or `times` is not a positive whole number or `Infinity`.
   */
  misbehave(fault: FakeWlsFault, options?: Repetition): void;
  /** Forgets every fault that is still to come. */
  behave(): void;
  /** Ends every single sign-on session. Applications are not told: the protocol has no way to. */
  signOutEverybody(): void;
  /**
   * Makes a reply without a browser and whatever the faults. No single sign-on session comes of it.
   *
   * @throws TypeError when there is no such user, nothing says where the reply goes, the request is one that the server
   * refuses, or the status is not one of three digits.
   */
  issueReply(options: IssueReplyOptions): FakeWlsReply;
  /**
   * Signs what it is given and adds `kid` and `sig`, which makes the value of `WLS-Response`. Fields in a list are escaped
   * and joined; a text is taken as it is.
   */
  sign(content: string | readonly string[], options?: SignOptions): string;
  /** Ends the server and every open connection. May be called again. */
  close(): Promise<void>;
}
