export type { Attributes, FailureCode, Principal, PrincipalRef, ProtocolName } from '../machines/vocabulary.ts';
export { type AttributeRule, mapAttributes, matchesRule, rolesOf } from './attributes.ts';
export { isSsoError, SsoError, type SsoErrorCode } from './errors.ts';
export type { FlowStep, JournalEntry, JournalListener, StepOutcome } from './flow/journal.ts';
export { toEcs } from './journal/ecs.ts';
export { type FileSinkOptions, fileSink, headPath, readHead } from './journal/file-sink.ts';
export { toOcsf } from './journal/ocsf.ts';
export { type JournalHead, type JournalRecord, parseRecord } from './journal/record.ts';
export { functionSink, type JournalFormat, type JournalSink, keyvSink, pinoSink } from './journal/sinks.ts';
export { pseudonymsOf } from './journal/subject.ts';
export { otelSink } from './journal/telemetry.ts';
export { type Finding, type JournalLine, type Verification, verifyJournal } from './journal/verify.ts';
export type { JournalSetup } from './journal-options.ts';
export type { KeptRequestOptions } from './kept-request-options.ts';
export type { AcceptProxyTicketsOptions } from './koa/accept-proxy-tickets.ts';
export type { KeepBodyOptions } from './koa/interruption.ts';
export type { KeepableMethod } from './koa/keepable.ts';
export type { RequireLoginOptions } from './koa/require-login.ts';
export type { UserGrants } from './koa/user-grants.ts';
export type {
  ProxiedState,
  ProxiedUser,
  ProxyGrantOf,
  Replay,
  Sso,
  SsoContext,
  SsoRequestInit,
  SsoState,
  User,
} from './koa-types.ts';
export type { CampusSsoOptions, ErrorPage, Json, Logger, OtherLogin } from './options.ts';
export { type CampusSso, campusSso } from './plugin.ts';
export {
  type AddressNames,
  type CasEndpoints,
  type CasExtension,
  type CasOptions,
  type CasProxyOptions,
  type CasVersion,
  cas,
  casPresets,
} from './protocols/cas/index.ts';
export type { AllowedChains, LoginProtocol, ProxyRule } from './protocols/protocol.ts';
export {
  type KeySources,
  type Signer,
  type UcamExtension,
  type UcamOptions,
  type UcamServer,
  ucam,
  ucamPresets,
} from './protocols/ucam/index.ts';
export type {
  EffectScope,
  ReplacedEffectScope,
  StepChoice,
  StepField,
  StepPage,
  StepRoute,
  StepRoutes,
} from './step-types.ts';
export { createMemoryKeyv, type MemoryKeyvOptions } from './storage/memory-store.ts';
export type { KeyvLike } from './storage/store.ts';
export type { FlowViewerOptions } from './viewer/viewer-options.ts';
