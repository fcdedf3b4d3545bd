import { casLoginMachine } from '../../../machines/cas-login.ts';
import type { CasLoginInput } from '../../../machines/cas-login-vocabulary.ts';
import { defineFlow } from '../../flow/flow.ts';
import { createBackChannel } from '../../http/back-channel.ts';
import { isLoopback } from '../../http/loopback.ts';
import type { LoginProtocol } from '../protocol.ts';
import { createCasEffects } from './effects.ts';
import { readReturn } from './return-query.ts';
import { type CasEndpoints, type CasVersion, casEndpoints, logoutUrl } from './urls.ts';

/** How to log in through one CAS server. */
export interface CasOptions {
  /** The prefix of the server, e.g. `https://login.example.edu/cas`. Also the issuer of the identities it vouches for. */
  readonly serverUrl: string;
  /** Tells several ways in apart, in the journal and in addresses. Default `cas`. */
  readonly name?: string;
  /** Protocol version to validate with: `3.0` brings attributes. Default `3.0`. */
  readonly version?: CasVersion;
  /** Paths below `serverUrl`, or absolute URLs, for servers that put an endpoint elsewhere. */
  readonly endpoints?: Partial<CasEndpoints>;
  /** Time for one validation, in milliseconds. Default 5000. */
  readonly timeoutMs?: number;
  /** The largest answer that is read, in bytes. Default 262144 (256 KiB). */
  readonly maxAnswerBytes?: number;
  /** Certificates in PEM to trust for this server instead of those of Node: a private CA of the campus. */
  readonly ca?: string | readonly string[];
  /** Talks plain http to a server that is not on this machine. Anybody on the way can then log in as anybody. */
  readonly dangerouslyAllowPlainHttpServer?: boolean;
}

/**
 * A login through a CAS server (CAS protocol 2.0 and 3.0). Problems with the options are reported by `campusSso()`,
 * together with all others.
 */
export function cas(options: CasOptions): LoginProtocol {
  const { name = 'cas', version = '3.0', timeoutMs = 5000, maxAnswerBytes = 262_144 } = options;
  const problems = check(options);
  const issuer = String(options.serverUrl).replace(/\/+$/, '');
  return {
    name,
    protocol: 'cas',
    issuer,
    problems,
    connect({ sessionEffects }) {
      const endpoints = casEndpoints(issuer, version, options.endpoints);
      const backChannel = createBackChannel({
        origin: new URL(endpoints.serviceValidate).origin,
        deadlineMs: timeoutMs,
        maxBytes: maxAnswerBytes,
        ca: options.ca,
      });
      const effects = createCasEffects({ issuer, endpoints, backChannel, sessionEffects });
      return {
        name,
        issuer,
        flow: defineFlow(name, casLoginMachine, effects),
        input: (request): CasLoginInput => ({
          ...request,
          expected: null,
          savedRequest: null,
          unsolicitedService: null,
        }),
        readReturn,
        logoutUrl: (service) => logoutUrl(endpoints.logout, service),
        close: () => backChannel.close(),
      };
    },
  };
}

function check(options: CasOptions): string[] {
  const problems: string[] = [];
  const { serverUrl, name = 'cas', version = '3.0', endpoints = {} } = options;
  const urls = [serverUrl, ...Object.values(endpoints).filter((value) => /^[a-z]+:/i.test(value))];
  for (const text of urls) {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (!url || !/^https?:$/.test(url.protocol)) {
      problems.push('cas.serverUrl: expected the prefix of the CAS server, e.g. "https://login.example.edu/cas".');
    } else if (url.protocol === 'http:' && !isLoopback(url.hostname) && !options.dangerouslyAllowPlainHttpServer) {
      problems.push('cas.serverUrl: expected https. Over plain http anybody on the way can log in as anybody.');
    }
  }
  if (!/^[a-z0-9][a-z0-9-]*$/.test(name)) problems.push('cas.name: expected lower-case letters, digits and hyphens.');
  if (version !== '2.0' && version !== '3.0') problems.push('cas.version: expected "2.0" or "3.0".');
  for (const limit of ['timeoutMs', 'maxAnswerBytes'] as const) {
    const value = options[limit];
    if (value !== undefined && !(Number.isFinite(value) && value > 0)) {
      problems.push(`cas.${limit}: expected a number above 0.`);
    }
  }
  return problems;
}
