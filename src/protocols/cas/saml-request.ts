const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** The header that Keycloak refuses to do without. */
export const SAML_SOAP_ACTION = 'http://www.oasis-open.org/committees/security';

/** What one validation by SAML is about. `issueInstant` is in milliseconds since 1970. */
export interface SamlValidation {
  readonly ticket: string;
  readonly service: string;
  readonly renew?: boolean;
  readonly requestId: string;
  readonly issueInstant: number;
}

/** The whole request to `/samlValidate` (CAS 4.2.1, 4.2.2), ready to be sent. The service goes by the name `TARGET`. */
export function samlRequest(endpoint: string, validation: SamlValidation) {
  const url = new URL(endpoint);
  const target = `TARGET=${encodeURIComponent(validation.service)}${validation.renew ? '&renew=true' : ''}`;
  url.search = url.search.length > 1 ? `${url.search}&${target}` : target;
  return {
    method: 'POST',
    url,
    headers: { 'content-type': 'text/xml; charset=utf-8', soapaction: SAML_SOAP_ACTION },
    body: samlRequestBody(validation.ticket, validation),
  } as const;
}

/**
 * The body of a request to `/samlValidate` (CAS 4.2.3). The ticket comes from the browser and is escaped: unescaped, as
 * passport-cas sends it, it could bring markup of its own.
 */
export function samlRequestBody(ticket: string, request: Pick<SamlValidation, 'requestId' | 'issueInstant'>): string {
  const issued = new Date(request.issueInstant).toISOString();
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/"><SOAP-ENV:Header/><SOAP-ENV:Body>',
    '<samlp:Request xmlns:samlp="urn:oasis:names:tc:SAML:1.0:protocol" MajorVersion="1" MinorVersion="1"',
    ` RequestID="${escaped(request.requestId)}" IssueInstant="${issued}">`,
    `<samlp:AssertionArtifact>${escaped(ticket)}</samlp:AssertionArtifact>`,
    '</samlp:Request></SOAP-ENV:Body></SOAP-ENV:Envelope>',
  ].join('');
}

// A character that XML cannot carry makes a ticket that no server knows, which is the right end for it.
function escaped(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD')
    .replace(/[&<>"']/g, (character) => escapes[character] ?? character);
}
