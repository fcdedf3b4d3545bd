export { casLoginMachine, casLoginRoot, casLoginStates } from './cas-login.ts';
export {
  type CasLoginContext,
  type CasLoginEvent,
  type CasLoginInput,
  casLogin,
} from './cas-login-vocabulary.ts';
export {
  CLOCK_SKEW_MS,
  type LoginContext,
  type LoginEvent,
  type LoginInput,
  MAX_RECENT_LOGINS,
} from './login-vocabulary.ts';
export {
  type ProxiedCallContext,
  type ProxiedCallEvent,
  type ProxiedCallInput,
  proxiedCall,
  proxiedCallMachine,
  proxiedCallRoot,
  proxiedCallStates,
} from './proxied-call.ts';
export {
  type ProxyCallbackEvent,
  proxyCallback,
  proxyCallbackMachine,
  proxyCallbackRoot,
  proxyCallbackStates,
} from './proxy-callback.ts';
export {
  type ProxyTicketContext,
  type ProxyTicketEvent,
  type ProxyTicketInput,
  proxyTicket,
  proxyTicketMachine,
  proxyTicketRoot,
  proxyTicketStates,
} from './proxy-ticket.ts';
export { ucamLoginMachine, ucamLoginRoot, ucamLoginStates } from './ucam-login.ts';
export {
  type UcamLoginContext,
  type UcamLoginEvent,
  type UcamLoginInput,
  ucamLogin,
} from './ucam-login-vocabulary.ts';
export type {
  Attributes,
  Failure,
  FailureCode,
  FlowTag,
  GrantOffer,
  NotKeptCode,
  Principal,
  PrincipalRef,
  ProtocolName,
  SavedRequestRef,
  StateMeta,
  TransitionMeta,
} from './vocabulary.ts';
