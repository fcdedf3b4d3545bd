import { isSsoError, type Sso, type SsoErrorCode } from '../../src/index.ts';
import { fieldsOf, isLibraryAnswer, type LibraryAnswer } from './library/answer.ts';

/** Where a call to the library went wrong. */
export type Stage = 'ticket' | 'call' | 'answer';

/** What came of asking the library. */
export type Asked =
  | { readonly kind: 'answered'; readonly answer: LibraryAnswer }
  /** `code`: what we, the library or its status had to say about it. */
  | { readonly kind: 'failed'; readonly stage: Stage; readonly code: string };

const DEADLINE_MS = 10_000;

/**
 * Asks the library on behalf of the person who is signed in. Whatever goes wrong there is an outcome.
 * @param passOn what is left to the plugin instead
 * @throws SsoError one of `passOn`
 */
export async function askLibrary(sso: Sso, address: string, passOn: readonly SsoErrorCode[] = []): Promise<Asked> {
  let response: Response;
  try {
    response = await sso.fetch(address, {
      headers: { accept: 'application/json' },
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
  } catch (error) {
    if (isSsoError(error) && passOn.includes(error.code)) throw error;
    if (isSsoError(error)) return { kind: 'failed', stage: 'ticket', code: error.code };
    return { kind: 'failed', stage: 'call', code: reasonOf(error) };
  }
  const answer: unknown = await response.json().catch(() => undefined);
  if (response.ok && isLibraryAnswer(answer)) return { kind: 'answered', answer };
  const { code } = fieldsOf(fieldsOf(answer).error);
  return { kind: 'failed', stage: 'answer', code: typeof code === 'string' ? code : `HTTP ${response.status}` };
}

/** The code of a network error, which hides below an error that says no more than that something failed. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const { code } = fieldsOf(error.cause);
  return typeof code === 'string' ? code : error.name;
}
