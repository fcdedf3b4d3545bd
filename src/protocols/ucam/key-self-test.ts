import { createPublicKey, verify } from 'node:crypto';

/**
 * A reply that Raven's demonstration server gave on 4 July 2013, from the tests of python-ucam-webauth, and the key
 * that it is signed with. A genuine one, because a reply that we signed ourselves would show only that we agree with
 * ourselves.
 *
 * The private half of this key is public. That does no harm here: the key is never put among those that replies are
 * checked with, and it would be refused there.
 */
const SIGNED_TEXT =
  '3!200!!20130704T122413Z!1372940650-10196-2!https://demo.raven.cam.ac.uk/nonexistant!test0001!current!!pwd!35873!';
const SIGNATURE =
  'm9S7JSnLZ2/ZoZc1t8Bn4wAfV1LtMhjPwl0eeunAWBPmXLWmhlgFrrS69GLFYkxXSUBjbuq42QZlktRRbb5KKAmB8mRfWWHG3q6+P0H8kjrWloFMWSMH3mGsmpbeqhakHwhsOW5NjZpiIaFsFNPsEr8Tv5NWoCFC0DCtkJLZzAg=';
const PUBLIC_KEY = `-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC4RYvbSGb42EEEXzsz93Mubo0f
dWZ7UJ0HoZXQch5XIR0Zl8ANaLf3tVpRz4CI2JBUVpUjXEgzOa+wZBbuvczOuiB3
BfNDSKKQaftxWKouboJRA5acxa3fr2JZc8O5Qc1J6Qq8E8cjuSQWlpxTGa0JEnbK
V7/PVUFDuFeEI11e/wIDAQAB
-----END PUBLIC KEY-----
`;

/** How a text is checked; replaced in tests. */
export type Check = (signedText: string) => boolean;

/**
 * Whether this process can check replies at all, to be asked once at the start: what is wrong, or null.
 *
 * Where a policy of the system forbids SHA-1 (Red Hat Enterprise Linux 9 and its kin, FIPS mode), OpenSSL refuses every
 * signature of the protocol (Ucam-WebAuth V4.1, `sig`). Without this, every login would end as if its reply were
 * forged, and nobody would look for the fault here.
 */
export function signatureSelfTest(check: Check = genuineCheck): string | null {
  let cause = 'the signature does not hold';
  try {
    const holds = check(SIGNED_TEXT);
    const holdsForAnother = check(SIGNED_TEXT.replace('test0001', 'test0002'));
    if (holdsForAnother)
      return 'ucam: this system takes a forged signature for a genuine one. Nobody is safe to log in.';
    if (holds) return null;
  } catch (thrown) {
    cause = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unknown error';
  }
  return `ucam: this system refuses to check signatures of the login server (${cause}), so nobody could log in. They are RSA with SHA-1, the only kind that Ucam-WebAuth has, and a policy of the system probably forbids it. On Red Hat Enterprise Linux 9 and its kin: update-crypto-policies --set DEFAULT:SHA1, or an openssl.cnf for this process alone with rh-allow-sha1-signatures = yes.`;
}

// Not through createVerifier, which answers false where OpenSSL says why it fails.
function genuineCheck(signedText: string): boolean {
  const data = Buffer.from(signedText, 'utf8');
  return verify('RSA-SHA1', data, createPublicKey(PUBLIC_KEY), Buffer.from(SIGNATURE, 'base64'));
}
