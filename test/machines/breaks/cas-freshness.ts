import { casLoginStates } from '../../../machines/index.ts';
import { type Breaks, reroute } from './breaks.ts';
import { casWith } from './cas-generic.ts';

const { validating } = casLoginStates;
const succeeded = validating.on['validation.succeeded'];
const unguarded = {
  validating: reroute(validating, { 'validation.succeeded': succeeded.map((to) => ({ ...to, guard: undefined })) }),
};

/** Logins that are older than a page demands. */
export const brokenFreshness: Breaks = {
  'renew-enforced': { 'any login will do': casWith(unguarded) },
  'age-enforced': { 'any login will do': casWith(unguarded) },
};
