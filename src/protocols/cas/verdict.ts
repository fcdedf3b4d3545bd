import type { AttributeValues } from './attributes.ts';
import { refuse } from './refusal.ts';

/** The four outcomes that a CAS server can tell (CAS Appendix A). */
export const verdictNames = ['authenticationSuccess', 'authenticationFailure', 'proxySuccess', 'proxyFailure'] as const;
export type VerdictName = (typeof verdictNames)[number];

/** Names inside a success that belong to the protocol; everything else beside them is an attribute of old servers. */
export const protocolNames: ReadonlySet<string> = new Set(['user', 'attributes', 'proxyGrantingTicket', 'proxies']);

/** What a success says, before the rules that XML and JSON share. */
export interface Statement {
  readonly user: string;
  /** Attributes inside `attributes`. */
  readonly inside: AttributeValues;
  /** Attributes as direct children, beside `user`. */
  readonly beside: AttributeValues;
  readonly proxyGrantingTicketIou: string | null;
  readonly proxies: readonly string[];
}

/** What a document says, in whichever syntax it was written. */
export type Verdict =
  | { readonly name: 'authenticationSuccess'; readonly statement: Statement }
  | { readonly name: 'proxySuccess'; readonly ticket: string }
  | { readonly name: 'authenticationFailure' | 'proxyFailure'; readonly code: string; readonly message: string };

/** Whether a name is that of an outcome (CAS Appendix A). */
export function isVerdictName(name: string): name is VerdictName {
  return verdictNames.some((known) => known === name);
}

/** The only item of a list. Two of a kind are refused whatever the order (CVE-2017-1000071). */
export function only<T>(items: readonly T[], what: string): T {
  const [item] = items;
  if (item === undefined || items.length > 1) refuse(`not exactly one ${what}`);
  return item;
}

/** The only item of a list that may be empty, such as the optional elements of CAS Appendix A. */
export function atMostOne<T>(items: readonly T[], what: string): T | null {
  return items.length === 0 ? null : only(items, what);
}
