export {
  createDevelopmentCa,
  type DevelopmentCa,
  type DevelopmentCaOptions,
  type IssuedCertificate,
  type IssueOptions,
} from './development-ca.ts';
export { startFakeCas } from './fake-cas.ts';
export type {
  FakeCas,
  FakeCasCounts,
  FakeCasOptions,
  FakeCasValidation,
  IssueTicketOptions,
} from './fake-cas-api.ts';
export type { CallbackOptions } from './fake-cas-callback.ts';
export type { MisbehaveOptions } from './fake-cas-fault-queue.ts';
export type { FakeCasEndpoint, FakeCasFault } from './fake-cas-faults.ts';
export type { ProxyOptions } from './fake-cas-proxy.ts';
export { defaultFakeCasUsers, type FakeCasUser } from './fake-cas-users.ts';
export type { FakeServerOptions } from './fake-server.ts';
export type { Repetition } from './fake-server-faults.ts';
export { startFakeWls } from './fake-wls.ts';
export type {
  FakeWls,
  FakeWlsCounts,
  FakeWlsOptions,
  FakeWlsRequest,
  IssueReplyOptions,
  SignOptions,
} from './fake-wls-api.ts';
export type { FakeWlsFault } from './fake-wls-faults.ts';
export type { FakeWlsKeyOptions, FakeWlsSignature } from './fake-wls-key.ts';
export type { FakeWlsFields, FakeWlsReply } from './fake-wls-reply.ts';
export type { FakeWlsStyle } from './fake-wls-styles.ts';
export { defaultFakeWlsUsers, type FakeWlsUser } from './fake-wls-users.ts';
