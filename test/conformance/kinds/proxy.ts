import { proxyTicketMachine } from '../../../machines/proxy-ticket.ts';
import { defineFlow } from '../../../src/flow/flow.ts';
import type { JournalEntry } from '../../../src/flow/journal.ts';
import { runOnce } from '../../../src/flow/run-once.ts';
import type { BackChannel } from '../../../src/http/back-channel.ts';
import {
  type AllowedChains,
  allowsChain,
  checkAllowedChains,
  type ProxyRule,
} from '../../../src/protocols/cas/proxy-chain.ts';
import { createProxyTicketEffects } from '../../../src/protocols/cas/proxy-effects.ts';
import { grantIsGone } from '../../../src/protocols/cas/proxy-response.ts';
import { PROXY_PATH, proxyUrl } from '../../../src/protocols/cas/proxy-url.ts';
import { readProxyResponse } from '../../../src/protocols/cas/service-response.ts';
import { casEndpoints } from '../../../src/protocols/cas/urls.ts';
import type { ProxyGrants } from '../../../src/storage/proxy-grants.ts';
import { compare, type Fields, type Kinds, textField } from '../kind.ts';
import { compareService, OWN_CODES, serviceOutcome } from './validation.ts';

export const kinds: Kinds = {
  proxyValidate: async (input, expected) => {
    const outcome = await serviceOutcome(input);
    const { allowedProxyChains: policy, chainSyntax } = input;
    const proxies = outcome.proxies as readonly string[];
    const allowed = policy === undefined || outcome.ok !== true || allows(policy, chainSyntax, proxies);
    return compareService(expected, allowed ? outcome : { ok: false, code: 'INVALID_PROXY_CHAIN', proxies });
  },
  proxyChain: (input, expected) => {
    const { policy, chainSyntax, proxies } = input;
    return compare(expected, { ok: allows(policy, chainSyntax, proxies as readonly string[]) });
  },
  proxy: async (input, { logMustNotContain, ...expected }) => {
    const { differences } = compareService(expected, proxyOutcome(input));
    const kept = await keptOf(input);
    const leaks = typeof logMustNotContain === 'string' && kept.includes(logMustNotContain);
    return { differences: leaks ? [...differences, 'what is kept and logged holds the PGT'] : differences };
  },
  proxyUrl: (input, expected) => {
    const { validate: endpoint } = casEndpoints(textField(input, 'server'), '3.0', { validate: PROXY_PATH });
    const request = { pgt: textField(input, 'pgt'), targetService: textField(input, 'targetService') };
    const { pathname, searchParams } = new URL(proxyUrl(endpoint, request));
    const params = Object.fromEntries([...searchParams.keys()].map((name) => [name, searchParams.getAll(name)]));
    return compare(expected, { path: pathname, params });
  },
};

/** All that the flow of a proxy ticket keeps and tells of an answer: its context, its journal, and its error. */
async function keptOf(input: Fields): Promise<string> {
  const body = textField(input, 'body');
  const backChannel: BackChannel = {
    send: async () => ({ kind: 'answer', status: Number(input.status), contentType: 'text/xml', body }),
    close: async () => {},
  };
  const grants = {
    find: async () => ({ pgt: 'PGT-1', principal: { issuer: 'https://login.example.edu/cas', id: 'a' }, expiresAt: 1 }),
    remove: async () => {},
  } as Partial<ProxyGrants> as ProxyGrants;
  const endpoints = {
    proxyEndpoint: 'https://login.example.edu/proxy',
    validateEndpoint: 'https://login.example.edu/serviceValidate',
  };
  const effects = createProxyTicketEffects({ ...endpoints, backChannel, validateChannel: backChannel, grants });
  const journal: JournalEntry[] = [];
  const run = {
    flow: defineFlow('proxy-ticket', proxyTicketMachine, effects),
    scope: { ticket: null },
    journal: (entry: JournalEntry) => void journal.push(entry),
    clock: () => 0,
  };
  const { context } = await runOnce(run, { grantId: 'grant', service: 'https://api.example.edu/' });
  return JSON.stringify([context, journal]);
}

function proxyOutcome(input: Fields): Fields {
  const answer = readProxyResponse(textField(input, 'body'));
  if (answer.kind === 'ticket') return { ok: true, proxyTicket: answer.ticket };
  if (answer.kind === 'unreadable') return { ok: false, code: OWN_CODES.unreadable };
  return { ok: false, code: answer.code, message: answer.message, pgtExpired: grantIsGone(answer.code) };
}

/** The other clients take a ticket without proxies in the same place as one with them. */
function allows(policy: unknown, syntax: unknown, proxies: readonly string[]): boolean {
  return allowsChain(translated(policy, syntax), proxies, { allowDirect: true });
}

/** The policy of another client as ours. `trusted` is a chain that anything may follow. */
function translated(policy: unknown, syntax: unknown): AllowedChains {
  if (policy === 'any') return () => true;
  const { exact = [], trusted = [] } = (Array.isArray(policy) ? { exact: policy } : policy) as {
    exact?: readonly (readonly string[])[];
    trusted?: readonly (readonly string[])[];
  };
  const ours = (chains: readonly (readonly string[])[]) => checked(chains.map((chain) => chain.map(ruleOf(syntax))));
  const [exactly, begins] = [ours(exact), ours(trusted)];
  if (begins.length === 0) return exactly;
  return (proxies) =>
    allowsChain(exactly, proxies) || begins.some((chain) => allowsChain([chain], proxies.slice(0, chain.length)));
}

function checked(chains: readonly (readonly ProxyRule[])[]): readonly (readonly ProxyRule[])[] {
  const problems = checkAllowedChains(chains);
  if (problems.length > 0) throw new TypeError(problems.join(' '));
  return chains;
}

/**
 * A rule as somebody who moves to this package has to write it. Patterns of the others match anywhere, and are anchored
 * here; prefixes of phpCAS end where a part of the address ends.
 */
function ruleOf(syntax: unknown): (rule: string) => ProxyRule {
  if (syntax !== 'phpCAS') {
    return (rule) => {
      if (rule.startsWith('^')) return anchored(rule, '');
      return URL.canParse(rule) ? rule : anchored(escaped(rule), '');
    };
  }
  return (rule) => {
    const [, pattern, flags = ''] = /^\/(.*)\/([ix]*)$/.exec(rule) ?? [];
    // JavaScript has no flag x, which lets patterns be laid out with white space.
    if (pattern !== undefined) return anchored(pattern, flags.replace('x', ''));
    return anchored(rule.endsWith('/') ? `${escaped(rule)}.*` : `${escaped(rule)}(?:[/?#].*)?`, 'i');
  };
}

function anchored(pattern: string, flags: string): RegExp {
  return new RegExp(`^(?:${pattern.replace(/^\^/, '').replace(/\$$/, '')})$`, flags);
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}
