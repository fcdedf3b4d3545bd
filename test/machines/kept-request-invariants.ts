export { keptRequestInvariants } from '../../machines/safety-kept-request.ts';
