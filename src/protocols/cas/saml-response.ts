import { attributesObject, encryptedGrant, loginFacts } from './attributes.ts';
import { readInstant } from './instant.ts';
import { guarded, refuse, type Unreadable } from './refusal.ts';
import type { FailureAnswer, SuccessAnswer } from './service-response.ts';
import { identifier } from './text.ts';
import { only } from './verdict.ts';
import { childrenNamed, descendants, readXml, textOnly, type XmlElement } from './xml.ts';

const SOAP = 'http://schemas.xmlsoap.org/soap/envelope/';
const PROTOCOL = 'urn:oasis:names:tc:SAML:1.0:protocol';
const ASSERTION = 'urn:oasis:names:tc:SAML:1.0:assertion';

/** What an assertion is measured against. */
export interface SamlExpectation {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** By how much the two clocks may differ. */
  readonly toleranceMs: number;
  /** The service that the ticket was for; null to take an assertion for any. */
  readonly service: string | null;
}

export type SamlAnswer =
  | (SuccessAnswer & { readonly authenticationMethod: string | null })
  | FailureAnswer
  | Unreadable;

/**
 * Reads the answer of `/samlValidate` (CAS 4.2.5) in both layouts: by namespace, wherever the statements stand. An
 * assertion counts only under the status `Success` (java-cas-client never looks at it), inside its window, and for our
 * service. An assertion that names no audience is for anybody, as SAML has it. Never throws.
 */
export function readSamlResponse(body: string, expectation: SamlExpectation): SamlAnswer {
  return guarded(() => {
    const reading = readXml(body);
    const response = responseIn(reading.kind === 'document' ? reading.root : refuse(reading.reason));
    const status = child(response, PROTOCOL, 'Status', 'status');
    const code = child(status, PROTOCOL, 'StatusCode', 'status code');
    if (!isSuccess(code)) return failure(status, code);
    const assertions = [...descendants(response)].filter((each) => is(each, ASSERTION, 'Assertion'));
    const assertion = only(assertions, 'assertion');
    if (!response.children.includes(assertion)) refuse('assertion in the wrong place');
    checkConditions(assertion, expectation);
    return success(assertion);
  });
}

function responseIn(root: XmlElement): XmlElement {
  if (!is(root, SOAP, 'Envelope')) refuse('not a SOAP envelope');
  const content = only(child(root, SOAP, 'Body', 'body').children, 'response');
  return is(content, PROTOCOL, 'Response') ? content : refuse('not a SAML response');
}

// The prefix in the value is the server's choice, so it counts for what it stands for.
function isSuccess(code: XmlElement): boolean {
  const [, prefix = '', name] = /^(?:([^:]*):)?([^:]*)$/.exec(code.attributes.get('Value') ?? '') ?? [];
  return name === 'Success' && code.prefixes.get(prefix) === PROTOCOL;
}

// Some servers put the text into the code itself, others a second code: what is there is better than nothing.
function failure(status: XmlElement, code: XmlElement): FailureAnswer {
  const nested = childrenNamed(code, PROTOCOL, 'StatusCode').map((each) => each.attributes.get('Value') ?? '');
  const said = [...childrenNamed(status, PROTOCOL, 'StatusMessage'), code].map((each) => each.text.trim());
  const message = [...said, ...nested].find((text) => text !== '') ?? '';
  return { kind: 'failure', code: (code.attributes.get('Value') ?? '').trim(), message };
}

function checkConditions(assertion: XmlElement, { now, toleranceMs, service }: SamlExpectation): void {
  const conditions = child(assertion, ASSERTION, 'Conditions', 'set of conditions');
  const notBefore = instant(conditions, 'NotBefore') ?? refuse('assertion without a window');
  const notOnOrAfter = instant(conditions, 'NotOnOrAfter') ?? refuse('assertion without a window');
  if (now < notBefore - toleranceMs) refuse('assertion not yet valid');
  if (now >= notOnOrAfter + toleranceMs) refuse('assertion expired');
  for (const restriction of childrenNamed(conditions, ASSERTION, 'AudienceRestrictionCondition')) {
    const audiences = childrenNamed(restriction, ASSERTION, 'Audience').map(textOnly);
    if (service !== null && !audiences.includes(service)) refuse('assertion for another service');
  }
}

// SAML 1.1 has all times in UTC, also those that do not say so.
function instant(element: XmlElement, name: string): number | null {
  const text = element.attributes.get(name) ?? '';
  return readInstant(text) ?? readInstant(`${text}Z`);
}

/** Some servers write the hour of the answer where that of the credentials belongs, and the latter into an attribute. */
function earliest(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.min(one, other);
}

function success(assertion: XmlElement): SamlAnswer {
  const login = child(assertion, ASSERTION, 'AuthenticationStatement', 'authentication statement');
  const statements = childrenNamed(assertion, ASSERTION, 'AttributeStatement');
  const values = attributeValues(statements);
  const attributes = attributesObject(values, new Map());
  const facts = loginFacts(attributes);
  return {
    kind: 'success',
    user: subject([login, ...statements]),
    attributes,
    proxyGrantingTicketIou: null,
    encryptedProxyGrantingTicket: encryptedGrant(values, new Map()),
    proxies: [],
    ...facts,
    authenticatedAt: earliest(instant(login, 'AuthenticationInstant'), facts.authenticatedAt),
    authenticationMethod: login.attributes.get('AuthenticationMethod') ?? null,
  };
}

// Every statement names its subject, and a document that talks about two people is about nobody.
function subject(statements: readonly XmlElement[]): string {
  const names = statements.map((statement) => {
    const about = child(statement, ASSERTION, 'Subject', 'subject');
    return identifier(textOnly(child(about, ASSERTION, 'NameIdentifier', 'user')), 'user');
  });
  return only([...new Set(names)], 'user');
}

function attributeValues(statements: readonly XmlElement[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const attribute of statements.flatMap((each) => childrenNamed(each, ASSERTION, 'Attribute'))) {
    const name = attribute.attributes.get('AttributeName') ?? refuse('attribute without a name');
    const values = found.get(name) ?? [];
    for (const value of childrenNamed(attribute, ASSERTION, 'AttributeValue')) values.push(textOnly(value));
    found.set(name, values);
  }
  return found;
}

function child(element: XmlElement, namespace: string, name: string, what: string): XmlElement {
  return only(childrenNamed(element, namespace, name), what);
}

function is(element: XmlElement, namespace: string, name: string): boolean {
  return element.namespace === namespace && element.name === name;
}
