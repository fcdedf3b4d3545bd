import { type AttributeValues, attributesFromJson } from './attributes.ts';
import { isList, isObject, type Json, type JsonObject } from './json.ts';
import { refuse } from './refusal.ts';
import { identifier } from './text.ts';
import { only, protocolNames, type Statement, type Verdict, verdictNames } from './verdict.ts';

/**
 * What a JSON answer says (CAS 2.5.2). The same rules as for XML, and the same code after this step: java-cas-client
 * checked the proxies of one syntax only. Members that are null count as absent.
 */
export function verdictFromJson(document: Json): Verdict {
  const response = isObject(document) ? document.get('serviceResponse') : undefined;
  if (!isObject(response)) refuse('not a service response');
  const outcomes = verdictNames.filter((name) => (response.get(name) ?? null) !== null);
  const name = only(outcomes, 'outcome');
  const outcome = response.get(name);
  if (!isObject(outcome)) refuse('malformed outcome');
  if (name === 'proxySuccess') return { name, ticket: text(outcome, 'proxyTicket') ?? refuse('no proxy ticket') };
  if (name === 'authenticationSuccess') return { name, statement: statement(outcome) };
  return { name, code: text(outcome, 'code') ?? '', message: text(outcome, 'description') ?? '' };
}

function statement(outcome: JsonObject): Statement {
  if (verdictNames.some((name) => outcome.has(name))) refuse('outcome in the wrong place');
  return {
    user: text(outcome, 'user') ?? refuse('not exactly one user'),
    inside: attributes(outcome.get('attributes') ?? null),
    beside: attributesFromJson(new Map([...outcome].filter(([name]) => !protocolNames.has(name)))),
    proxyGrantingTicketIou: text(outcome, 'proxyGrantingTicket'),
    proxies: proxies(outcome.get('proxies') ?? null),
  };
}

function attributes(value: Json): AttributeValues {
  if (value === null) return new Map();
  return isObject(value) ? attributesFromJson(value) : refuse('malformed attributes');
}

function proxies(value: Json): readonly string[] {
  if (value === null) return [];
  if (!isList(value)) refuse('malformed list of proxies');
  return value.map((each) => (typeof each === 'string' ? identifier(each, 'proxy') : refuse('malformed proxy')));
}

// A number is not taken for text: a user name that went through a float is somebody else's.
function text(object: JsonObject, name: string): string | null {
  const value = object.get(name) ?? null;
  return value === null || typeof value === 'string' ? value : refuse('something else where text is expected');
}
