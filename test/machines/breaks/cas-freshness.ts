import { CLOCK_SKEW_MS, casLoginStates } from '../../../machines/index.ts';
import { casPeople } from '../../../machines/safety-cas-alphabet.ts';
import { ANSWERED_AT, SENT_AT, vouchedFor } from '../../../machines/safety-people.ts';
import type { Principal } from '../../../machines/vocabulary.ts';
import { type Breaks, type Given, reroute } from './breaks.ts';
import { casWith } from './cas-generic.ts';

const { validating } = casLoginStates;
const succeeded = validating.on['validation.succeeded'];
const unguarded = {
  validating: reroute(validating, { 'validation.succeeded': succeeded.map((to) => ({ ...to, guard: undefined })) }),
};
const [vouched, ...others] = succeeded;
const sayingNothingOld = ({ event }: Given) => (event.principal as Principal).fromNewLogin !== false;

/** An answer that tells by the hour alone how old the login is. */
export const shownAt = (authenticatedAt: number) => ({
  type: 'validation.succeeded',
  principal: vouchedFor('cas', casPeople.bob, authenticatedAt, null),
  grantOffer: null,
  at: ANSWERED_AT,
});

/** Logins that are older than a page demands. */
export const brokenFreshness: Breaks = {
  'renew-enforced': {
    'any login will do': casWith(unguarded),
    'one that is older by the hour alone will do': {
      ...casWith({
        validating: reroute(validating, {
          'validation.succeeded': [{ ...vouched!, guard: sayingNothingOld }, ...others],
        }),
      }),
      samples: [shownAt(SENT_AT - CLOCK_SKEW_MS - 1)],
    },
  },
  'age-enforced': { 'any login will do': casWith(unguarded) },
};
