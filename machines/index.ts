export { casLoginMachine, casLoginRoot, casLoginStates } from './cas-login.ts';
export { type CasLoginContext, type CasLoginEvent, type CasLoginInput, casLogin } from './cas-login-vocabulary.ts';
export {
  type DiagramState,
  type DiagramTransition,
  type FlowDiagram,
  flowDiagram,
  type StateKind,
  type TransitionOutcome,
} from './diagram.ts';
export { type DotOptions, flowDot, LAYOUTS } from './diagram-dot.ts';
export { type GraphvizLayout, type LayoutFaults, layoutCost, layoutFaults } from './diagram-layout.ts';
export { flowMermaid } from './diagram-mermaid.ts';
export type { StatedAction } from './diagram-reading.ts';
export { flowScxml } from './diagram-scxml.ts';
export { flowStately, type StatelyState } from './diagram-stately.ts';
export { PICTURE_STYLE } from './diagram-style.ts';
export { finishSvg, type SvgOptions } from './diagram-svg.ts';
export { type TracedStep, tracedPicture } from './diagram-trace.ts';
export { type Actor, type EffectNote, effectNote, type StoreName } from './effects-map.ts';
export { stateAnchor } from './flow-tables.ts';
export { flowsDocument } from './flows-document.ts';
export { flowsPage } from './flows-page.ts';
export {
  CLOCK_SKEW_MS,
  type CustomLoginContext,
  type CustomLoginEvent,
  type CustomLoginEvents,
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
export {
  assertSafe,
  checkSafety,
  type SafetyOptions,
  type SafetyReport,
  type SafetyVerdict,
  type SafetyViolation,
} from './safety.ts';
export type { PathStep } from './safety-findings.ts';
export { highlight } from './safety-picture.ts';
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
