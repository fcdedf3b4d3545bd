import { randomBytes } from 'node:crypto';
import type { FakeWlsUser } from './fake-wls-users.ts';

/** One browser that has typed a password. */
export interface WlsSession {
  /** The value of the session cookie. */
  readonly id: string;
  readonly user: FakeWlsUser;
  /** What is left of it, in whole seconds. */
  readonly life: number;
}

interface Entry {
  readonly user: FakeWlsUser;
  /** Milliseconds since the epoch. */
  readonly endsAt: number;
}

/** The single sign-on sessions. */
export class WlsSessions {
  readonly #entries = new Map<string, Entry>();
  readonly #lifeMs: number;
  readonly #now: () => number;

  /**
   * @param lifeSeconds how long a session lasts.
   * @param now the present, in milliseconds since the epoch.
   */
  constructor(lifeSeconds: number, now: () => number) {
    this.#lifeMs = lifeSeconds * 1000;
    this.#now = now;
  }

  /** Notes that `user` has just typed the password in the browser that came with the cookie `previous`. */
  signIn(user: FakeWlsUser, previous: string | undefined): WlsSession {
    this.signOut(previous);
    const id = randomBytes(24).toString('hex');
    this.#entries.set(id, { user, endsAt: this.#now() + this.#lifeMs });
    return { id, user, life: Math.floor(this.#lifeMs / 1000) };
  }

  /** The live session with this cookie value. */
  find(id: string | undefined): WlsSession | undefined {
    const entry = id === undefined ? undefined : this.#entries.get(id);
    if (id === undefined || entry === undefined) return undefined;
    const life = Math.floor((entry.endsAt - this.#now()) / 1000);
    if (life > 0) return { id, user: entry.user, life };
    this.#entries.delete(id);
    return undefined;
  }

  /** Ends one session. */
  signOut(id: string | undefined): void {
    if (id !== undefined) this.#entries.delete(id);
  }

  /** Ends every session. */
  signOutEverybody(): void {
    this.#entries.clear();
  }
}
