import type { AnyStateMachine } from 'xstate';
import { statesOf } from '../support/model.ts';

const SOURCE = /^(CAS|WAA-WLS|ASVS) \d|^SDP-SP\d/;

/**
 * Whether a complaint of `undocumented` stands: it does not know the numbers of the SAML deployment profile, which is where
 * keeping a request through a login is written down.
 */
export function withoutSource(machine: AnyStateMachine): (complaint: string) => boolean {
  const named = statesOf(machine).filter(({ meta }) => {
    const { spec = [] } = (meta ?? {}) as { readonly spec?: readonly string[] };
    return spec.length > 0 && spec.every((item) => SOURCE.test(item));
  });
  const settled = new Set(named.map(({ key }) => `${key}: spec`));
  return (complaint) => !settled.has(complaint);
}
