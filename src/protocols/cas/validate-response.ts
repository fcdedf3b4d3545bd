import { guarded, refuse, type Unreadable } from './refusal.ts';
import type { FailureAnswer } from './service-response.ts';
import { identifier } from './text.ts';

/** The answer of CAS 1.0, which knows a name and nothing else. */
export type ValidateAnswer = { readonly kind: 'success'; readonly user: string } | FailureAnswer | Unreadable;

/**
 * Reads the answer of `/validate` (CAS 2.4.2): a line that is exactly `yes`, and one line with the user. Other clients
 * are content with a body that begins with `yes`, so that `yesterday` signs somebody in. The protocol gives no reason
 * for `no`; the code is the one that means the same on the other endpoints. Never throws.
 */
export function readValidateResponse(body: string): ValidateAnswer {
  return guarded(() => {
    const [first, user = '', ...others] = body.split(/\r?\n/);
    if (first === 'no') return { kind: 'failure', code: 'INVALID_TICKET', message: '' };
    if (first !== 'yes') refuse('neither yes nor no');
    if (others.some((line) => line.trim() !== '')) refuse('more than one user');
    return { kind: 'success', user: identifier(user, 'user') };
  });
}
