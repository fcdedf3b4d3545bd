export {
  type FakeCas,
  type FakeCasCounts,
  type FakeCasOptions,
  type FakeCasValidation,
  type IssueTicketOptions,
  startFakeCas,
} from './fake-cas.ts';
export type { MisbehaveOptions } from './fake-cas-fault-queue.ts';
export type { FakeCasEndpoint, FakeCasFault } from './fake-cas-faults.ts';
export { defaultFakeCasUsers, type FakeCasUser } from './fake-cas-users.ts';
