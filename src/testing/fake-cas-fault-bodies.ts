import {
  CAS_NAMESPACE,
  casDocument,
  jsonAnswer,
  outcomeElement,
  outcomeObject,
  type Validation,
  writeValidation,
  xmlAnswer,
} from './fake-cas-answers.ts';
import type { Answer } from './fake-server-http.ts';
import { escapeMarkup } from './fake-server-markup.ts';

/** An ordinary success document that names `user`. `more` is XML that follows the user. */
export function successOf(user: string, more = ''): string {
  return success(`<cas:user>${escapeMarkup(user)}</cas:user>${more}`);
}

function success(content: string): string {
  return casDocument(`  <cas:authenticationSuccess>\n    ${content}\n  </cas:authenticationSuccess>`);
}

/** A failure in the format that was asked for. */
export function failureAnswer(validation: Validation, code: string, message: string): Answer {
  return writeValidation({ ...validation, verdict: { kind: 'failure', code, message } });
}

/** A success that came through a proxy, in the format that was asked for. */
export function proxiedAnswer(validation: Validation, user: string): Answer {
  const { verdict, now } = validation;
  const good =
    verdict.kind === 'success'
      ? verdict
      : ({ kind: 'success', user: { name: user, password: '' }, authenticatedAt: now, fresh: false } as const);
  return writeValidation({ ...validation, verdict: { ...good, proxies: ['https://proxy.example.org/callback'] } });
}

/** A success in a namespace that is not the one of CAS. */
export function foreignDocument(user: string): string {
  return successOf(user).replace(CAS_NAMESPACE, 'http://www.example.org/tp/cas');
}

/** A success whose user is an entity that the document itself defines. */
export function doctypeDocument(user: string): string {
  const type = `<!DOCTYPE cas:serviceResponse [<!ENTITY who "${escapeMarkup(user)}">]>`;
  return `${type}\n${success('<cas:user>&who;</cas:user>')}`;
}

/** A success and a failure in one answer. */
export function twoOutcomes(user: string, validation: Validation | undefined): Answer {
  const good = {
    kind: 'success',
    user: { name: user, password: '' },
    proxies: [],
    authenticatedAt: 0,
    fresh: false,
  } as const;
  const bad = { kind: 'failure', code: 'INVALID_TICKET', message: 'The ticket is not known.' } as const;
  const [first, second] = [good, bad].map(
    (verdict): Validation => ({ style: 'xml', withAttributes: false, verdict, service: '', now: 0 }),
  ) as [Validation, Validation];
  if (validation?.style === 'json') return jsonAnswer({ ...outcomeObject(first), ...outcomeObject(second) });
  return xmlAnswer(casDocument(`${outcomeElement(first)}\n${outcomeElement(second)}`));
}

/** A success whose user ends with a byte that never occurs in UTF-8. */
export function badCharset(user: string): Buffer {
  const [before = '', after = ''] = successOf(`${user}\u0000`).split('\ufffd');
  return Buffer.concat([Buffer.from(before), Buffer.from([0xff]), Buffer.from(after)]);
}

/** The beginning of a document, up to where a careless reader has just seen the user or the proxy ticket. */
export function firstPart(body: string): string {
  const end = /<\/cas:(?:user|proxyTicket)>/.exec(body);
  return body.slice(0, end === null ? Math.floor(body.length / 2) : end.index + end[0].length);
}
