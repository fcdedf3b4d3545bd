import { attributesBesideUser, attributesFromElements } from './attributes.ts';
import { refuse } from './refusal.ts';
import { identifier } from './text.ts';
import { atMostOne, isVerdictName, only, protocolNames, type Statement, type Verdict } from './verdict.ts';
import { childrenNamed, descendants, elementsOnly, textOnly, type XmlElement } from './xml.ts';

/** The namespace of the protocol (CAS Appendix A). */
export const CAS_NAMESPACE = 'http://www.yale.edu/tp/cas';

/** What some servers write instead. Enough to believe a failure, never a success. */
const MISSPELT_NAMESPACE = 'https://www.yale.edu/tp/cas';

/**
 * What an XML answer says (CAS Appendix A). The outcome must be the only child of the root, and no other outcome may
 * stand anywhere in the document: old servers echoed tickets unescaped, and a ticket could bring its own success
 * (CVE-2017-1000071).
 */
export function verdictFromXml(root: XmlElement): Verdict {
  const { namespace } = root;
  if (namespace !== CAS_NAMESPACE && namespace !== MISSPELT_NAMESPACE) refuse('not in the CAS namespace');
  if (root.name !== 'serviceResponse') refuse('not a service response');
  const outcome = only(elementsOnly(root), 'outcome');
  const outcomes = [...descendants(root)].filter((each) => each.namespace === namespace && isVerdictName(each.name));
  if (only(outcomes, 'outcome') !== outcome) refuse('outcome in the wrong place');
  return outcome.name.endsWith('Failure') ? failure(outcome) : success(outcome);
}

function failure(outcome: XmlElement): Verdict {
  const name = outcome.name === 'proxyFailure' ? 'proxyFailure' : 'authenticationFailure';
  return { name, code: (outcome.attributes.get('code') ?? '').trim(), message: textOnly(outcome) };
}

function success(outcome: XmlElement): Verdict {
  if (outcome.namespace !== CAS_NAMESPACE) refuse('not in the CAS namespace');
  if (outcome.name === 'authenticationSuccess') return { name: outcome.name, statement: statement(outcome) };
  const ticket = only(elementsOnly(outcome), 'proxy ticket');
  if (ticket.namespace !== CAS_NAMESPACE || ticket.name !== 'proxyTicket') refuse('not exactly one proxy ticket');
  return { name: 'proxySuccess', ticket: textOnly(ticket) };
}

function statement(outcome: XmlElement): Statement {
  const isProtocol = (each: XmlElement) => each.namespace === CAS_NAMESPACE && protocolNames.has(each.name);
  const beside = elementsOnly(outcome).filter((each) => !isProtocol(each));
  const attributes = atMostOne(childrenNamed(outcome, CAS_NAMESPACE, 'attributes'), 'list of attributes');
  const iou = atMostOne(childrenNamed(outcome, CAS_NAMESPACE, 'proxyGrantingTicket'), 'proxy-granting ticket');
  const proxies = atMostOne(childrenNamed(outcome, CAS_NAMESPACE, 'proxies'), 'list of proxies');
  return {
    user: textOnly(only(childrenNamed(outcome, CAS_NAMESPACE, 'user'), 'user')),
    inside: attributesFromElements(attributes === null ? [] : elementsOnly(attributes)),
    beside: attributesBesideUser(beside),
    proxyGrantingTicketIou: iou === null ? null : textOnly(iou),
    proxies: proxies === null ? [] : elementsOnly(proxies).map(proxy),
  };
}

// Whatever is not a proxy is refused, not skipped: a chain that lost a link could match a rule for a shorter one.
function proxy(element: XmlElement): string {
  if (element.namespace !== CAS_NAMESPACE || element.name !== 'proxy') refuse('something else in the list of proxies');
  return identifier(textOnly(element), 'proxy');
}
