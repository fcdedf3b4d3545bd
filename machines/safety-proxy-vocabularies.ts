/** The machines of proxy tickets as the proof knows them. */
import type { EventObject } from 'xstate';
import { isAtRest } from './safety-generic.ts';
import type { ModelNode } from './safety-model.ts';
import * as proxy from './safety-proxy.ts';
import * as proxyAlphabet from './safety-proxy-alphabet.ts';
import { rule, type Vocabulary } from './safety-rule.ts';
import { secretRule } from './safety-rules.ts';

const isStored = (node: ModelNode) => isAtRest(node) || node.snapshot.status !== 'active';

const only = (inputs: readonly unknown[], events: readonly EventObject[]) => ({
  thorough: { inputs, events },
  brief: { inputs, events },
});

export const proxiedCall: Vocabulary = {
  speaks: ['call.ticket', 'call.vouchedFor'],
  ...only(proxyAlphabet.proxiedCallInputs, proxyAlphabet.proxiedCallEvents),
  rules: [
    secretRule('ticket-not-kept', 'A proxy ticket', proxyAlphabet.PROXY_TICKET),
    secretRule('offer-not-kept', 'What the server offers with a ticket', 'PGTIOU-marker', isStored),
    rule(
      'only-with-a-ticket',
      [2],
      'A call runs only after it brought a ticket',
      'Anybody could call.',
      proxy.worksOnlyThrough('call.ticket'),
    ),
    rule(
      'only-vouched-for',
      [1, 7],
      'A call runs only after the server and the list of allowed chains vouched for it',
      'Any service of the campus could act for its visitors here.',
      proxy.worksOnlyThrough('call.vouchedFor'),
    ),
    rule(
      'call-of-the-person',
      [5, 7],
      'A call is for the person and through the hands that the answer names',
      'It would run with the rights of somebody else.',
      proxy.callsAreForTheOneVouchedFor,
    ),
    rule(
      'judged-once',
      [2, 18],
      'A proxy ticket is validated once',
      'A ticket that was seen could be used again.',
      proxy.callsAreValidatedOnce,
    ),
    rule(
      'own-grant',
      [15, 16],
      'A call has the proxy grant that was claimed for it, where it wants one',
      'It would act with the rights of somebody else further on.',
      proxy.callsHaveTheirOwnGrant,
    ),
  ],
};

export const proxyCallback: Vocabulary = {
  speaks: ['callback.delivered'],
  ...only([undefined], proxyAlphabet.proxyCallbackEvents),
  rules: [
    secretRule('grant-not-kept', 'A proxy-granting ticket', proxyAlphabet.DELIVERY.pgtId),
    secretRule('iou-not-kept', 'The name of a proxy-granting ticket', proxyAlphabet.DELIVERY.pgtIou),
    rule(
      'durable-first',
      [15, 17],
      'A delivery is acknowledged when it is durable, and a probe stores nothing',
      'The validation answer would arrive before its grant can be found.',
      proxy.deliveriesAreDurable,
    ),
  ],
};

export const proxyTicket: Vocabulary = {
  speaks: ['ticket.issued'],
  ...only(proxyAlphabet.proxyTicketInputs, proxyAlphabet.proxyTicketEvents),
  rules: [
    rule(
      'only-issued',
      [18],
      'There is a ticket only after one was issued',
      'A call would go out without a ticket, or with an old one.',
      proxy.worksOnlyThrough('ticket.issued'),
    ),
    rule(
      'own-grant',
      [16],
      'Tickets are asked for with the grant of the login, for the service that was named',
      'A call would be made with the rights of somebody else.',
      proxy.ticketsAreAskedForWithTheGrant,
    ),
    rule(
      'only-dead-grants-go',
      [23],
      'A new login is asked for only where the grant is gone',
      'A missing permission, or an outage, would become a login loop.',
      proxy.onlyDeadGrantsAreDiscarded,
    ),
  ],
};
