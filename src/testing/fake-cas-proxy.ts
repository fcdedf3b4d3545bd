import { casDocument, jsonAnswer, xmlAnswer } from './fake-cas-answers.ts';
import type { FakeCasState } from './fake-cas-state.ts';
import type { Exchange } from './fake-server-http.ts';
import { type Answer, plainText } from './fake-server-http.ts';
import { escapeMarkup } from './fake-server-markup.ts';

/** How `/proxy` behaves. */
export interface ProxyOptions {
  /** Whether proxy tickets are issued for that target. A refused one is answered with `UNAUTHORIZED_SERVICE`. Default: all are. */
  readonly allowTarget?: (service: string) => boolean;
  /**
   * How `/proxy` says no. `proxyFailure`: as the protocol has it. `authenticationFailure`: as django-cas-server does.
   * `http-500`: a 500 with a line of text, as LemonLDAP::NG does. Default: `proxyFailure`.
   */
  readonly proxyFailureStyle?: 'proxyFailure' | 'authenticationFailure' | 'http-500';
}

/** The outcome of a request to `/proxy`, with what is needed to write it down. */
export interface Proxying {
  readonly json: boolean;
  readonly failureStyle: NonNullable<ProxyOptions['proxyFailureStyle']>;
  readonly verdict:
    | { readonly kind: 'success'; readonly ticket: string }
    | { readonly kind: 'failure'; readonly code: string; readonly message: string };
}

/** Judges a request to `/proxy`. A proxy-granting ticket can be used again and again. */
export function judgeProxying(state: FakeCasState, options: ProxyOptions, exchange: Exchange): Proxying {
  const format = exchange.parameter('format');
  const json = format?.toUpperCase() === 'JSON';
  const knownFormat = format === undefined || json || format.toUpperCase() === 'XML';
  return {
    json,
    failureStyle: options.proxyFailureStyle ?? 'proxyFailure',
    verdict: knownFormat
      ? judge(state, options, exchange)
      : failure('INVALID_REQUEST', `The format ${format} is not supported. Ask for XML or JSON.`),
  };
}

/** Writes it down in the format that was asked for. */
export function writeProxying({ json, failureStyle, verdict }: Proxying): Answer {
  if (verdict.kind === 'success') {
    if (json) return jsonAnswer({ proxySuccess: { proxyTicket: verdict.ticket } });
    return xmlAnswer(proxySuccessOf(verdict.ticket));
  }
  const { code, message } = verdict;
  if (failureStyle === 'http-500') return plainText(500, 'Internal Server Error\n');
  if (json) return jsonAnswer({ [failureStyle]: { code, description: message } });
  const open = `cas:${failureStyle} code="${escapeMarkup(code)}"`;
  return xmlAnswer(casDocument(`  <${open}>${escapeMarkup(message)}</cas:${failureStyle}>`));
}

/** A failure in the format that was asked for. A code cannot be told with a bare 500, so that style gives way. */
export function proxyFailureAnswer(proxying: Proxying, code: string, message: string): Answer {
  const failureStyle = proxying.failureStyle === 'http-500' ? 'proxyFailure' : proxying.failureStyle;
  return writeProxying({ ...proxying, failureStyle, verdict: failure(code, message) });
}

/** An ordinary answer that carries a proxy ticket. `more` is XML that follows it. */
export function proxySuccessOf(ticket: string, more = ''): string {
  const content = `<cas:proxyTicket>${escapeMarkup(ticket)}</cas:proxyTicket>${more}`;
  return casDocument(`  <cas:proxySuccess>\n    ${content}\n  </cas:proxySuccess>`);
}

function judge(state: FakeCasState, { allowTarget }: ProxyOptions, exchange: Exchange): Proxying['verdict'] {
  const pgt = exchange.parameter('pgt');
  const service = exchange.parameter('targetService');
  if (pgt === undefined || service === undefined) {
    return failure('INVALID_REQUEST', 'Both pgt and targetService are required.');
  }
  const grant = state.grant(pgt);
  if (grant === undefined) return failure('INVALID_TICKET', `The proxy-granting ticket ${pgt} is not known.`);
  if (allowTarget !== undefined && !allowTarget(service)) {
    return failure('UNAUTHORIZED_SERVICE', `No proxy tickets are issued for ${service}.`);
  }
  return { kind: 'success', ticket: state.issueTicket({ ...grant, service, fresh: false }) };
}

function failure(code: string, message: string): Proxying['verdict'] & { kind: 'failure' } {
  return { kind: 'failure', code, message };
}
