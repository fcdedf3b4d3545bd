import { samlRequest } from '../../../src/protocols/cas/saml-request.ts';
import { readSamlResponse } from '../../../src/protocols/cas/saml-response.ts';
import { descendants, readXml } from '../../../src/protocols/cas/xml.ts';
import { compare, type Fields, type Kinds, textField } from '../kind.ts';
import { compareService, OWN_CODES, successFields } from './validation.ts';

/** Codes of the vectors for refusals of our own, by the reason that the reader gives. */
const reasons: ReadonlyMap<string, string> = new Map([
  ['assertion expired', 'ASSERTION_EXPIRED'],
  ['assertion not yet valid', 'ASSERTION_NOT_YET_VALID'],
  ['assertion for another service', 'AUDIENCE_MISMATCH'],
]);

export const kinds: Kinds = {
  samlValidate: (input, expected) => compareService(expected, samlOutcome(input)),
  samlRequest: (input, expected) => compare(expected, requestFields(input)),
};

function samlOutcome(input: Fields): Fields {
  const answer = readSamlResponse(textField(input, 'body'), {
    now: Date.parse(textField(input, 'now')),
    toleranceMs: typeof input.toleranceMs === 'number' ? input.toleranceMs : 1000,
    service: typeof input.service === 'string' ? input.service : null,
  });
  if (answer.kind === 'failure') return { ok: false, code: answer.code || null, message: answer.message };
  if (answer.kind === 'unreadable') return { ok: false, code: reasons.get(answer.reason) ?? OWN_CODES.unreadable };
  return { ...successFields(answer), authenticationMethod: answer.authenticationMethod };
}

function requestFields(input: Fields): Fields {
  const request = samlRequest(`${textField(input, 'server')}/samlValidate`, {
    ticket: textField(input, 'ticket'),
    service: textField(input, 'service'),
    requestId: '_1',
    issueInstant: 0,
  });
  const { searchParams, pathname } = request.url;
  const reading = readXml(request.body);
  const elements = reading.kind === 'document' ? [...descendants(reading.root)] : [];
  return {
    method: request.method,
    path: pathname,
    params: Object.fromEntries([...searchParams.keys()].map((name) => [name, searchParams.getAll(name)])),
    contentType: request.headers['content-type'].split(';')[0],
    artifact: elements.find(({ name }) => name === 'AssertionArtifact')?.text,
  };
}
