import { createHmac, hkdfSync } from 'node:crypto';
import type { PrincipalRef } from '../../machines/vocabulary.ts';

/**
 * The pseudonyms of a person in the journal, one for each secret; the first is the one that is written today. Without a
 * secret nobody can tell whose they are, nor try names. They are not the digests that cookies hold.
 */
export function pseudonymsOf(secrets: readonly string[]): (person: PrincipalRef) => readonly string[] {
  const keys = secrets.map((secret) =>
    Buffer.from(hkdfSync('sha256', secret, '', 'koa-campus-sso/journal-subject', 32)),
  );
  return ({ issuer, id }) =>
    keys.map((key) =>
      createHmac('sha256', key)
        .update(JSON.stringify([issuer, id]))
        .digest('base64url')
        .slice(0, 22),
    );
}
