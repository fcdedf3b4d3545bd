import { constants, type KeyObject, privateDecrypt } from 'node:crypto';

/** With the prefix, unlike in a callback: it tells a ticket from what a wrong key makes of it. */
const GRANT = /^[PT]GT-[A-Za-z0-9._=~-]{1,1020}$/;

/** Two bytes of header and at least eight of padding stand before the byte that ends it (RFC 8017, 7.2.2). */
const FIRST_SEPARATOR = 10;

/**
 * Opens a proxy-granting ticket that Apereo sends as an attribute in place of the callback of CAS 2.5.4: encrypted with
 * the RSA key of the service, PKCS#1 v1.5, base64. Null for whatever is not one, without a word about why; never throws.
 *
 * Node refuses this padding, since to tell good padding from bad lets the sender decrypt messages of others bit by bit
 * (Bleichenbacher 1998, CVE-2023-46809). So the padding is taken off here, and what is seen from outside is only whether
 * the whole came out as a ticket, which a guessed message practically never does.
 */
export function openEncryptedGrant(text: string, privateKey: KeyObject): string | null {
  try {
    const sealed = Buffer.from(text, 'base64');
    if (sealed.toString('base64') !== text) return null;
    const { modulusLength = 0 } = privateKey.asymmetricKeyDetails ?? {};
    if (sealed.length !== Math.ceil(modulusLength / 8)) return null;
    return unpadded(privateDecrypt({ key: privateKey, padding: constants.RSA_NO_PADDING }, sealed));
  } catch {
    return null;
  }
}

/**
 * The message of a padded block: 00 02, eight or more bytes other than 0, 00, message (RFC 8017, 7.2.2).
 *
 * Every byte is looked at and no branch depends on one; `bad` collects the faults, and a block with bad padding is put
 * to the same test as a good one before the two are answered alike. What time can still tell, up to the freedom that a
 * compiler takes, is where the text begins and how far it looks like a ticket.
 */
function unpadded(block: Buffer): string | null {
  let bad = block[0]! | (block[1]! ^ 2);
  let found = 0;
  let separator = 0;
  for (let index = 2; index < block.length; index += 1) {
    // The sign bit: 1 for the byte 0, and 0 for all others.
    const isZero = (block[index]! - 1) >>> 31;
    separator |= index & -(isZero & ~found);
    found |= isZero;
  }
  // The sign bit again. Without a separator it is 0, which is below as well.
  bad |= (separator - FIRST_SEPARATOR) >>> 31;
  const message = block.toString('latin1', separator + 1);
  const isGrant = GRANT.test(message);
  return isGrant && bad === 0 ? message : null;
}
