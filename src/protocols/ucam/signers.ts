/** A key that a server signs with, as far as it is known. */
export interface Signer {
  /** The number that the server gives it; null if unknown. */
  readonly kid: string | null;
  /** SHA-256 of the DER of its SubjectPublicKeyInfo, in base64; null if unknown. */
  readonly spki: string | null;
}

/** Which keys may be filed for a server. */
export interface KeyPolicy {
  /** The keys of the server; null for a server that is not known, which may have any. */
  readonly signers: readonly Signer[] | null;
  /** Takes the key whose private half is public. */
  readonly allowDemoKey: boolean;
}

/** Fingerprints of keys: SHA-256 of the SubjectPublicKeyInfo, in base64. */
export const RAVEN_SPKI = 'gTq5ClIBiv83J0DhuqVxJz01c//42QiVKofBkJNSKv0=';
export const RAVEN_TEST_SPKI = '9qtNZqO+gS/G1FUSBevKbsTeTGZrNQGbGTE8ajsQics=';
export const NEVAR_SPKI = 'EECgJMj0Ss8EGdrZZeVsZLLQcMgYzcv+pZ+9xbo2jyA=';
/** Of the demonstration server that was switched off in 2021. Three public repositories hold the private half. */
export const DEMO_SPKI = '1h9BCcheGb9YpOfvr4IqTPG5eh3SXc3TY7bSOG7EGnc=';

/** Keys that everybody knows by these numbers. */
const FAMOUS: readonly { readonly kid: string; readonly spki: string; readonly name: string }[] = [
  { kid: '2', spki: RAVEN_SPKI, name: 'the key of Raven' },
  { kid: '900', spki: RAVEN_TEST_SPKI, name: "the key of Raven's test server" },
  { kid: '901', spki: DEMO_SPKI, name: 'the key of the old demonstration server' },
];

/**
 * Why a key must not be filed under a `kid` for a server, or null. Goes by what the key is, not by what it is called:
 * the example of django-ucamwebauth 2.0.0 has Raven's key under the number of the demonstration key, and whoever trusts
 * the demonstration key lets everybody in as anybody.
 *
 * @param spki SHA-256 of the SubjectPublicKeyInfo, in base64
 */
export function signerProblem(kid: string, spki: string, { signers, allowDemoKey }: KeyPolicy): string | null {
  if (spki === DEMO_SPKI && !allowDemoKey) {
    return 'this is the key of the old demonstration server, whose private half is public: anybody could sign in as anybody. Only the preset ravenTest takes it.';
  }
  const famous = FAMOUS.find((key) => key.spki === spki);
  if (famous !== undefined && famous.kid !== kid) {
    return `this is ${famous.name}, which signs as ${famous.kid}. File it under ${famous.kid}; the example in the README of django-ucamwebauth 2.0.0 has it under another number by mistake.`;
  }
  if (signers === null) return null;
  const named = signers.filter((signer) => signer.kid === null || signer.kid === kid);
  if (named.length === 0) {
    const kids = signers.flatMap((signer) => signer.kid ?? []).join(', ');
    return `this login server signs with kid ${kids} only. Are login URL and keys those of one server?`;
  }
  if (named.some((signer) => signer.spki === null || signer.spki === spki)) return null;
  return `this is not the key that this login server signs with (SHA-256 of the SubjectPublicKeyInfo: ${spki}). Are login URL and keys those of one server?`;
}
