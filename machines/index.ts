export { casLoginMachine, casLoginRoot, casLoginStates } from './cas-login.ts';
export {
  type CasLoginContext,
  type CasLoginEvent,
  type CasLoginInput,
  CLOCK_SKEW_MS,
  casLogin,
  MAX_RECENT_LOGINS,
} from './cas-login-vocabulary.ts';
export type {
  Attributes,
  Failure,
  FailureCode,
  FlowTag,
  Principal,
  PrincipalRef,
  ProtocolName,
  SavedRequestRef,
  StateMeta,
  TransitionMeta,
} from './vocabulary.ts';
