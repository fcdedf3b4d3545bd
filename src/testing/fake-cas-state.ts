import { randomBytes } from 'node:crypto';
import type { FakeCasUser } from './fake-cas-users.ts';

/** A single sign-on session: one browser that has typed a password. */
export interface SsoSession {
  /** The value of the session cookie, `TGT-…`. */
  readonly id: string;
  readonly user: FakeCasUser;
  /** When the password was last typed, in milliseconds since the epoch. */
  authenticatedAt: number;
}

/** What a service ticket or a proxy ticket stands for. */
export interface TicketGrant {
  readonly user: FakeCasUser;
  readonly service: string;
  /** The password was typed for this very ticket, which is what `renew` demands. */
  readonly fresh: boolean;
  /** The services in between, most recent first. Empty for a service ticket. */
  readonly proxies: readonly string[];
  /** Milliseconds since the epoch. */
  readonly authenticatedAt: number;
  /** The session that dies with the ticket's right to be validated; absent for tickets issued without a browser. */
  readonly session?: string | undefined;
}

/** What a proxy-granting ticket stands for. */
export interface ProxyGrant {
  readonly user: FakeCasUser;
  /** The services that a ticket issued for it will have come through, most recent first: the holder, then those before. */
  readonly proxies: readonly string[];
  /** Milliseconds since the epoch. */
  readonly authenticatedAt: number;
  /** The session that it dies with; absent when it comes of a ticket issued without a browser. */
  readonly session?: string | undefined;
}

/** Why a ticket stands for nothing. */
export type DeadTicket = 'unknown' | 'used' | 'expired' | 'signed-out';

interface TicketEntry extends TicketGrant {
  readonly expiresAt: number;
  used: boolean;
}

// A server that runs for weeks on somebody's laptop should not grow for ever.
const KEPT_LOGIN_TICKETS = 10_000;
const KEPT_TICKETS = 10_000;
const KEPT_GRANTS = 10_000;

/** Everything that the fake CAS server remembers between two requests. */
export class FakeCasState {
  readonly users: readonly FakeCasUser[];
  readonly #lifetime: number;
  readonly #clock: () => number;
  readonly #sessions = new Map<string, SsoSession>();
  readonly #tickets = new Map<string, TicketEntry>();
  readonly #grants = new Map<string, ProxyGrant>();
  readonly #loginTickets = new Set<string>();
  #issued = 0;

  /**
   * @param users the people who can sign in.
   * @param lifetime how long a ticket may wait for its validation, in milliseconds.
   * @param clock the present, in milliseconds since the epoch.
   */
  constructor(users: readonly FakeCasUser[], lifetime: number, clock: () => number) {
    this.users = users;
    this.#lifetime = lifetime;
    this.#clock = clock;
  }

  /** The present, in milliseconds since the epoch. */
  now(): number {
    return this.#clock();
  }

  /** The user of that name, matched letter for letter. */
  user(name: string): FakeCasUser | undefined {
    return this.users.find((user) => user.name === name);
  }

  /** The live session with this cookie value. */
  session(id: string | undefined): SsoSession | undefined {
    return id === undefined ? undefined : this.#sessions.get(id);
  }

  /** Notes that `user` has just typed the password in the browser that came with `previous`. */
  signIn(user: FakeCasUser, previous: SsoSession | undefined): SsoSession {
    if (previous?.user === user) {
      // The same session goes on, so that tickets just handed to other tabs stay good.
      previous.authenticatedAt = this.now();
      return previous;
    }
    this.signOut(previous?.id);
    const session = { id: `TGT-${randomBytes(24).toString('hex')}`, user, authenticatedAt: this.now() };
    this.#sessions.set(session.id, session);
    return session;
  }

  /** Ends one session, and with it its proxy-granting tickets and every ticket of it that nobody has validated yet. */
  signOut(id: string | undefined): void {
    if (id !== undefined) this.#sessions.delete(id);
  }

  /** Ends every session. */
  signOutEverybody(): void {
    this.#sessions.clear();
  }

  /** A new ticket: `PT-…` when the grant names proxies, otherwise `ST-…`. */
  issueTicket(grant: TicketGrant): string {
    const ticket = this.newId(grant.proxies.length > 0 ? 'PT' : 'ST');
    this.#tickets.set(ticket, { ...grant, expiresAt: this.now() + this.#lifetime, used: false });
    dropOldest(this.#tickets, KEPT_TICKETS);
    return ticket;
  }

  /** Uses a ticket up, whatever comes of it, and tells what it stood for or why it stands for nothing. */
  spend(ticket: string): TicketGrant | DeadTicket {
    const entry = this.#tickets.get(ticket);
    if (entry === undefined) return 'unknown';
    if (entry.used) return 'used';
    entry.used = true;
    if (this.now() >= entry.expiresAt) return 'expired';
    if (!this.#isAlive(entry)) return 'signed-out';
    return entry;
  }

  /** A new proxy-granting ticket. */
  issueGrant(grant: ProxyGrant): string {
    const pgt = this.newId('PGT');
    this.#grants.set(pgt, grant);
    dropOldest(this.#grants, KEPT_GRANTS);
    return pgt;
  }

  /** What a proxy-granting ticket stands for, if it is good. */
  grant(pgt: string): ProxyGrant | undefined {
    const grant = this.#grants.get(pgt);
    return grant !== undefined && this.#isAlive(grant) ? grant : undefined;
  }

  /** Ends one proxy-granting ticket. */
  revokeGrant(pgt: string): void {
    this.#grants.delete(pgt);
  }

  /** Ends every proxy-granting ticket, or those of one user. */
  expireGrants(userName?: string): void {
    for (const [pgt, { user }] of this.#grants) {
      if (userName === undefined || user.name === userName) this.#grants.delete(pgt);
    }
  }

  /** How many proxy-granting tickets are good. */
  get grants(): number {
    return [...this.#grants.values()].filter((grant) => this.#isAlive(grant)).length;
  }

  /** An identifier that nobody can guess and no ticket has. */
  newId(prefix: 'PGT' | 'PGTIOU' | 'PT' | 'ST'): string {
    this.#issued += 1;
    return `${prefix}-${this.#issued}-${randomBytes(20).toString('hex')}`;
  }

  /** A token for one login form. */
  newLoginTicket(): string {
    const token = `LT-${randomBytes(16).toString('hex')}`;
    this.#loginTickets.add(token);
    dropOldest(this.#loginTickets, KEPT_LOGIN_TICKETS);
    return token;
  }

  /** Uses up the token of a login form. `false` when the form was sent before, or is not ours. */
  useLoginTicket(token: string | null): boolean {
    return token !== null && this.#loginTickets.delete(token);
  }

  #isAlive({ session }: { readonly session?: string | undefined }): boolean {
    return session === undefined || this.#sessions.has(session);
  }
}

function dropOldest(kept: Map<string, unknown> | Set<string>, limit: number): void {
  for (const key of kept.keys()) {
    if (kept.size <= limit) return;
    kept.delete(key);
  }
}
