import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import Koa, { type Context } from 'koa';
import { isSsoError } from '../../src/errors.ts';
import { resolveOptions, type Site } from '../../src/options.ts';
import { cas } from '../../src/protocols/cas/index.ts';
import type { Fields } from './kind.ts';

/** A request as Koa shows it to the plugin, without a network under it. */
export interface Asked {
  /** Path and query. */
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly tls?: boolean;
}

/** Forwarded headers are believed, so that a vector can show that they change nothing. */
export function contextOf({ target, headers = {}, tls = false }: Asked): Context {
  const request = new IncomingMessage(Object.assign(new Socket(), { encrypted: tls }));
  Object.assign(request, { method: 'GET', url: target });
  Object.assign(request.headers, headers);
  return new Koa({ proxy: true }).createContext(request, new ServerResponse(request));
}

/**
 * An address of the app. Vectors have plain http outside of loopback too, which our options refuse to begin with; what is
 * made of such an address is the same.
 */
export function siteOf(baseUrl: string): Site {
  const { origin, pathname } = new URL(baseUrl);
  const basePath = pathname.replace(/\/+$/, '');
  return { baseUrl: origin + basePath, origin, basePath };
}

/** What the real options make of a base: the address, or the code that the vectors have for a refused configuration. */
export function configuredBase(baseUrl: string): Fields {
  try {
    const login = cas({ serverUrl: 'https://login.example.edu/cas' });
    return { ok: true, base: resolveOptions({ baseUrl, login, secrets: ['x'.repeat(32)] }).baseUrl };
  } catch (thrown) {
    if (isSsoError(thrown) && /^- baseUrl: /m.test(thrown.message)) return { ok: false, code: 'CONFIG' };
    throw thrown;
  }
}
