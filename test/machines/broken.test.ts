import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assertSafe, checkSafety, highlight } from '../../machines/index.ts';
import { bodyOfAnotherPerson } from './broken/body-of-another-person.ts';
import type { Broken } from './broken/broken.ts';
import { deadState } from './broken/dead-state.ts';
import { earlyAcknowledgement } from './broken/early-acknowledgement.ts';
import { endlessAlways } from './broken/endless-always.ts';
import { endlessLoop } from './broken/endless-loop.ts';
import { failureOpensSession } from './broken/failure-opens-session.ts';
import { forgottenRequest } from './broken/forgotten-request.ts';
import { grantAfterLogout } from './broken/grant-after-logout.ts';
import { logoutIgnored } from './broken/logout-ignored.ts';
import { removedGuard } from './broken/removed-guard.ts';
import { shortcutIntoAuthenticated } from './broken/shortcut-into-authenticated.ts';
import { skippedAdmission } from './broken/skipped-admission.ts';
import { swappedIssuer } from './broken/swapped-issuer.ts';
import { ticketInTheContext } from './broken/ticket-in-the-context.ts';
import { wildcard } from './broken/wildcard.ts';

const broken: readonly Broken[] = [
  shortcutIntoAuthenticated,
  skippedAdmission,
  removedGuard,
  deadState,
  endlessLoop,
  endlessAlways,
  bodyOfAnotherPerson,
  grantAfterLogout,
  ticketInTheContext,
  logoutIgnored,
  failureOpensSession,
  forgottenRequest,
  wildcard,
  swappedIssuer,
  earlyAcknowledgement,
];

describe('a machine is refused in which', () => {
  for (const { harm, machine, invariant, path, at, options } of broken) {
    test(harm, () => {
      // What runs when an application starts must find it, and find no longer way than there is.
      const { isSafe, invariants } = checkSafety(machine, { ...options, thorough: false });
      assert.equal(isSafe, false);
      const verdict = invariants.find(({ id }) => id === invariant);
      assert.ok(
        verdict?.violation,
        invariants
          .filter(({ holds }) => !holds)
          .map(({ id }) => id)
          .join(', '),
      );
      assert.deepEqual(
        verdict.violation.path.map(({ event }) => event.type),
        path,
      );
      assert.equal(verdict.violation.at, at);
      const picture = highlight(verdict.violation);
      for (const [index, type] of path.entries()) assert.ok(picture.includes(`: ${index + 1}. ${type}\n`), picture);
      assert.match(picture, new RegExp(`state "${at}" as (s\\d+)\\n(?:.*\\n)*  class \\1 harm\\n`));
      assert.throws(
        () => assertSafe(machine, { ...options, thorough: false }),
        (error) => error instanceof TypeError && error.message.includes(`\n${invariant}: `),
      );
    });
  }
});
