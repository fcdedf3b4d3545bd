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
