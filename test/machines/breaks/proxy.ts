import type { AnyStateMachine } from 'xstate';
import {
  proxiedCall,
  proxiedCallRoot,
  proxiedCallStates,
  proxyCallback,
  proxyCallbackRoot,
  proxyCallbackStates,
  proxyTicket,
  proxyTicketRoot,
  proxyTicketStates,
} from '../../../machines/index.ts';
import { type Break, type Breaks, type Given, reroute } from './breaks.ts';

const builder =
  (setUp: { createMachine(config: never): unknown }, root: object, shipped: object) =>
  (states: object, more: object = {}): Break => ({
    machine: setUp.createMachine({ ...root, ...more, states: { ...shipped, ...states } } as never) as AnyStateMachine,
  });

const callWith = builder(proxiedCall, proxiedCallRoot, proxiedCallStates);
const callbackWith = builder(proxyCallback, proxyCallbackRoot, proxyCallbackStates);
const ticketWith = builder(proxyTicket, proxyTicketRoot, proxyTicketStates);

const { receiving, validating, claimingGrant } = proxiedCallStates;
const [grantWanted, plain] = validating.on['call.vouchedFor'];
const somebody = { issuer: 'https://login.example.edu/cas', id: 'bob' };
const callVouched = (...actions: readonly unknown[]) =>
  callWith({
    validating: reroute(validating, {
      'call.vouchedFor': [grantWanted!, { ...plain!, actions: [plain!.actions, ...actions] }],
    }),
  });

export const brokenCalls: Breaks = {
  'ticket-not-kept': {
    'it takes the place of the service': callWith({
      receiving: reroute(receiving, {
        'call.ticket': {
          target: 'validating',
          actions: proxiedCall.assign({ service: ({ event }) => ('ticket' in event ? event.ticket : '') }),
        },
      }),
    }),
  },
  'offer-not-kept': {
    'it is in the record of the call': callWith({
      claimingGrant: reroute(claimingGrant, { 'grant.missing': 'accepted' }),
    }),
  },
  'only-with-a-ticket': {
    'a call without one runs': callWith({ receiving: reroute(receiving, { 'call.withoutTicket': 'accepted' }) }),
  },
  'only-vouched-for': {
    'a chain that is refused runs': callWith({ validating: reroute(validating, { 'chain.refused': 'accepted' }) }),
  },
  'call-of-the-person': {
    'it is for somebody else': callVouched(proxiedCall.assign({ principal: somebody as never })),
    'the last hand is forgotten': callVouched(
      proxiedCall.assign({ proxies: ({ context }) => context.proxies.slice(0, 1) }),
    ),
    'it is for nobody': callWith({ validating: reroute(validating, { 'call.vouchedFor': 'accepted' }) }),
    'it has failed': callVouched(
      proxiedCall.assign({ failure: { code: 'ERR_SSO_PROXY_CHAIN', detail: null } as never }),
    ),
    'a refused one is for somebody': callWith({
      claimingGrant: reroute(claimingGrant, {
        'grant.missing': {
          target: 'refused',
          actions: proxiedCall.assign({
            grantOffer: null,
            failure: { code: 'ERR_SSO_NO_PROXY_GRANT', detail: null } as never,
          }),
        },
      }),
    }),
  },
  'judged-once': {
    'again after a time-out': callWith({ validating: reroute(validating, { 'validation.timedOut': 'receiving' }) }),
  },
  'own-grant': {
    'nobody wants it': callWith({
      validating: reroute(validating, { 'call.vouchedFor': { ...grantWanted!, guard: undefined } }),
    }),
    'it is that of somebody else': callWith({
      claimingGrant: {
        ...claimingGrant,
        entry: { type: 'claimProxyGrant', params: { principal: somebody, grantOffer: null } },
      },
    }),
    'it was not claimed': callVouched(proxiedCall.assign({ grantId: 'grant-of-somebody' })),
    'it is another one than was claimed': callWith({
      claimingGrant: reroute(claimingGrant, {
        'grant.claimed': {
          target: 'accepted',
          actions: proxiedCall.assign({ grantId: 'grant-of-somebody', grantOffer: null }),
        },
      }),
    }),
  },
};

const { storing, probed, refused } = proxyCallbackStates;
const fromCallback = proxyCallbackStates.receiving;
const delivering = fromCallback.on['callback.delivered'];
const remembering = (field: 'pgtId' | 'pgtIou') =>
  callbackWith({
    receiving: reroute(fromCallback, {
      'callback.delivered': {
        ...delivering,
        actions: [delivering.actions, proxyCallback.assign((({ event }: Given) => ({ seen: event[field] })) as never)],
      },
    }),
  });

export const brokenCallbacks: Breaks = {
  'grant-not-kept': { 'it is remembered': remembering('pgtId') },
  'iou-not-kept': { 'it is remembered': remembering('pgtIou') },
  'durable-first': {
    'it is acknowledged when it comes': callbackWith({
      receiving: reroute(fromCallback, { 'callback.delivered': { ...delivering, target: 'stored' } }),
    }),
    'it is acknowledged when there is no room': callbackWith({
      storing: reroute(storing, { 'grant.crowded': 'stored' }),
    }),
    'nobody is asked to store it': callbackWith({
      receiving: reroute(fromCallback, { 'callback.delivered': 'storing' }),
    }),
    'a probe is stored': callbackWith({
      probed: { ...probed, entry: [probed.entry, { type: 'storeDelivery', params: { pgtIou: 'one', pgtId: 'two' } }] },
    }),
    'it is answered twice': callbackWith({ probed: { ...probed, entry: [probed.entry, probed.entry] } }),
    'it is not answered': callbackWith({
      refused: { ...refused, entry: [] },
      receiving: reroute(fromCallback, { 'callback.malformed': 'refused' }),
    }),
    'it is answered before the end': callbackWith({
      probed: { tags: ['awaiting-server'], entry: probed.entry, on: { 'grant.stored': 'refused' } },
    }),
  },
};

const { starting, requesting, doubting } = proxyTicketStates;

export const brokenTicketRequests: Breaks = {
  'only-issued': {
    'a refused one will do': ticketWith({ requesting: reroute(requesting, { 'ticket.refused': 'issued' }) }),
  },
  'own-grant': {
    'there is none': ticketWith({ starting: { ...starting, always: 'requesting' } }),
    'it is that of somebody else': ticketWith({
      requesting: {
        ...requesting,
        entry: {
          type: 'requestTicket',
          params: ({ context: { service } }: Given) => ({ service, grantId: 'grant-of-somebody' }),
        },
      },
    }),
    'it is for another service': ticketWith({
      requesting: {
        ...requesting,
        entry: {
          type: 'requestTicket',
          params: ({ context: { grantId } }: Given) => ({ grantId, service: 'https://nobody.example/' }),
        },
      },
    }),
    'it is for another service at a second look': ticketWith({
      doubting: {
        ...doubting,
        entry: {
          type: 'lookAgain',
          params: ({ context: { grantId } }: Given) => ({ grantId, service: 'https://nobody.example/' }),
        },
      },
    }),
  },
  'only-dead-grants-go': {
    'an outage': ticketWith({ requesting: reroute(requesting, { 'proxy.timedOut': 'loginRequired' }) }),
  },
};
