import { randomBytes } from 'node:crypto';
import type { FakeCasUser } from './fake-cas-users.ts';
import { type Answer, plainText } from './fake-server-http.ts';
import { escapeMarkup } from './fake-server-markup.ts';

/** The outcome of a validation. */
export type Verdict =
  | {
      readonly kind: 'success';
      readonly user: FakeCasUser;
      /** Most recent proxy first. */
      readonly proxies: readonly string[];
      /** Milliseconds since the epoch. */
      readonly authenticatedAt: number;
      /** The password was typed for this ticket; `false` when single sign-on gave it. */
      readonly fresh: boolean;
      /** The session of the ticket; nothing that is told. */
      readonly session?: string | undefined;
      /** Stands for a proxy-granting ticket that was delivered to the callback. */
      readonly iou?: string;
      /** A proxy-granting ticket that only the client can decrypt, in base64. */
      readonly encryptedGrant?: string;
    }
  | { readonly kind: 'failure'; readonly code: string; readonly message: string };

/** A verdict with everything that is needed to write it down. */
export interface Validation {
  readonly style: 'text' | 'xml' | 'json' | 'saml';
  /** Whether the endpoint tells attributes (`/p3` does, the CAS 2 endpoints do not; SAML always does). */
  readonly withAttributes: boolean;
  readonly verdict: Verdict;
  readonly service: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** The `RequestID` of a SAML request. */
  readonly requestId?: string | undefined;
}

/** The namespace of every element in a CAS answer. */
export const CAS_NAMESPACE = 'http://www.yale.edu/tp/cas';

/** Writes a verdict in the style that the endpoint speaks. */
export function writeValidation(validation: Validation): Answer {
  switch (validation.style) {
    case 'text':
      return asText(validation.verdict);
    case 'xml':
      return xmlAnswer(casDocument(outcomeElement(validation)));
    case 'json':
      return asJson(validation);
    case 'saml':
      return asSaml(validation);
  }
}

/** A 200 answer that holds an XML document. */
export function xmlAnswer(document: string): Answer {
  return { status: 200, headers: { 'Content-Type': 'application/xml;charset=UTF-8' }, body: document };
}

/** A `serviceResponse` around `content`, which is XML already. */
export function casDocument(content: string): string {
  return `<cas:serviceResponse xmlns:cas="${CAS_NAMESPACE}">\n${content}\n</cas:serviceResponse>\n`;
}

/** The `authenticationSuccess` or `authenticationFailure` element. */
export function outcomeElement({ verdict, withAttributes }: Validation): string {
  if (verdict.kind === 'failure') {
    const code = escapeMarkup(verdict.code);
    return `  <cas:authenticationFailure code="${code}">${escapeMarkup(verdict.message)}</cas:authenticationFailure>`;
  }
  const lines = [`    <cas:user>${escapeMarkup(verdict.user.name)}</cas:user>`];
  const told: [string, string][] = [];
  if (withAttributes) {
    told.push(
      ['authenticationDate', new Date(verdict.authenticatedAt).toISOString()],
      ['longTermAuthenticationRequestTokenUsed', 'false'],
      ['isFromNewLogin', String(verdict.fresh)],
      ...eachValue(verdict.user),
    );
  }
  if (verdict.encryptedGrant !== undefined) told.push(['proxyGrantingTicket', verdict.encryptedGrant]);
  if (told.length > 0) {
    lines.push('    <cas:attributes>');
    for (const [name, value] of told) lines.push(`      <cas:${name}>${escapeMarkup(value)}</cas:${name}>`);
    lines.push('    </cas:attributes>');
  }
  if (verdict.iou !== undefined) lines.push(`    <cas:proxyGrantingTicket>${verdict.iou}</cas:proxyGrantingTicket>`);
  if (verdict.proxies.length > 0) {
    lines.push('    <cas:proxies>');
    for (const proxy of verdict.proxies) lines.push(`      <cas:proxy>${escapeMarkup(proxy)}</cas:proxy>`);
    lines.push('    </cas:proxies>');
  }
  return `  <cas:authenticationSuccess>\n${lines.join('\n')}\n  </cas:authenticationSuccess>`;
}

/** What stands under `serviceResponse` in a JSON answer. */
export function outcomeObject({ verdict, withAttributes }: Validation): Record<string, unknown> {
  if (verdict.kind === 'failure') {
    return { authenticationFailure: { code: verdict.code, description: verdict.message } };
  }
  const { user, proxies, iou, encryptedGrant } = verdict;
  // As Apereo does: every value in an array, the date in seconds.
  const attributes = {
    ...(withAttributes && {
      authenticationDate: [verdict.authenticatedAt / 1000],
      longTermAuthenticationRequestTokenUsed: [false],
      isFromNewLogin: [verdict.fresh],
      ...user.attributes,
    }),
    ...(encryptedGrant !== undefined && { proxyGrantingTicket: [encryptedGrant] }),
  };
  return {
    authenticationSuccess: {
      user: user.name,
      ...(iou !== undefined && { proxyGrantingTicket: iou }),
      ...(proxies.length > 0 && { proxies }),
      ...(Object.keys(attributes).length > 0 && { attributes }),
    },
  };
}

/** A 200 answer that holds a `serviceResponse` in JSON. */
export function jsonAnswer(content: Record<string, unknown>): Answer {
  const body = `${JSON.stringify({ serviceResponse: content }, null, 2)}\n`;
  return { status: 200, headers: { 'Content-Type': 'application/json;charset=UTF-8' }, body };
}

function asText(verdict: Verdict): Answer {
  return plainText(200, verdict.kind === 'success' ? `yes\n${verdict.user.name}\n` : 'no\n\n');
}

function asJson(validation: Validation): Answer {
  return jsonAnswer(outcomeObject(validation));
}

const SAML_WINDOW_MS = 30_000;

function asSaml({ verdict, service, now, requestId }: Validation): Answer {
  const instant = new Date(now).toISOString();
  const answersTo = requestId === undefined ? '' : ` InResponseTo="${escapeMarkup(requestId)}"`;
  const content = verdict.kind === 'success' ? samlSuccess(verdict, service, now) : samlFailure(verdict);
  return xmlAnswer(
    `<?xml version="1.0" encoding="UTF-8"?>\n<soap11:Envelope xmlns:soap11="http://schemas.xmlsoap.org/soap/envelope/"><soap11:Body>` +
      `<saml1p:Response xmlns:saml1p="urn:oasis:names:tc:SAML:1.0:protocol"${answersTo} IssueInstant="${instant}" MajorVersion="1" MinorVersion="1" Recipient="${escapeMarkup(service)}" ResponseID="${samlId()}">` +
      `${content}</saml1p:Response></soap11:Body></soap11:Envelope>\n`,
  );
}

function samlFailure(verdict: Verdict & { kind: 'failure' }): string {
  const message = escapeMarkup(`${verdict.code}: ${verdict.message}`);
  return `<saml1p:Status><saml1p:StatusCode Value="saml1p:RequestDenied"/><saml1p:StatusMessage>${message}</saml1p:StatusMessage></saml1p:Status>`;
}

function samlSuccess(verdict: Verdict & { kind: 'success' }, service: string, now: number): string {
  const instant = new Date(now).toISOString();
  const subject = `<saml1:Subject><saml1:NameIdentifier>${escapeMarkup(verdict.user.name)}</saml1:NameIdentifier><saml1:SubjectConfirmation><saml1:ConfirmationMethod>urn:oasis:names:tc:SAML:1.0:cm:artifact</saml1:ConfirmationMethod></saml1:SubjectConfirmation></saml1:Subject>`;
  const attributes = Object.entries(verdict.user.attributes ?? {})
    .filter(([, values]) => values.length > 0)
    .map(([name, values]) => {
      const each = values
        .map((value) => `<saml1:AttributeValue>${escapeMarkup(value)}</saml1:AttributeValue>`)
        .join('');
      return `<saml1:Attribute AttributeName="${name}" AttributeNamespace="http://www.ja-sig.org/products/cas/">${each}</saml1:Attribute>`;
    })
    .join('');
  // SAML has no empty attribute statement: without attributes it is left out.
  const statement =
    attributes === '' ? '' : `<saml1:AttributeStatement>${subject}${attributes}</saml1:AttributeStatement>`;
  return (
    `<saml1p:Status><saml1p:StatusCode Value="saml1p:Success"/></saml1p:Status>` +
    `<saml1:Assertion xmlns:saml1="urn:oasis:names:tc:SAML:1.0:assertion" AssertionID="${samlId()}" IssueInstant="${instant}" Issuer="localhost" MajorVersion="1" MinorVersion="1">` +
    `<saml1:Conditions NotBefore="${instant}" NotOnOrAfter="${new Date(now + SAML_WINDOW_MS).toISOString()}"><saml1:AudienceRestrictionCondition><saml1:Audience>${escapeMarkup(service)}</saml1:Audience></saml1:AudienceRestrictionCondition></saml1:Conditions>` +
    `<saml1:AuthenticationStatement AuthenticationInstant="${new Date(verdict.authenticatedAt).toISOString()}" AuthenticationMethod="urn:oasis:names:tc:SAML:1.0:am:password">${subject}</saml1:AuthenticationStatement>` +
    `${statement}</saml1:Assertion>`
  );
}

function samlId(): string {
  return `_${randomBytes(16).toString('hex')}`;
}

function eachValue(user: FakeCasUser): [string, string][] {
  return Object.entries(user.attributes ?? {}).flatMap(([name, values]) =>
    values.map((value): [string, string] => [name, value]),
  );
}
