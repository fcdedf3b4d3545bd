/** Why a document was refused. Always one of our own sentences, so that it is safe to log. */
class Refusal extends Error {
  override readonly name = 'Refusal';
}

/** A document that nobody may be signed in by. */
export interface Unreadable {
  readonly kind: 'unreadable';
  /** Short and safe to log: never text from the document, which could be a ticket or a PGT. */
  readonly reason: string;
}

/** Stops reading, from however deep inside. `reason` must be a constant, since it is logged. */
export function refuse(reason: string): never {
  throw new Refusal(reason);
}

/**
 * The boundary of every reader: whatever goes wrong inside becomes an answer, because an exception half-way through a
 * login, provoked by a hostile answer, would be a fault of ours instead of a refusal.
 */
export function guarded<T>(read: () => T): T | Unreadable {
  try {
    return read();
  } catch (thrown) {
    return { kind: 'unreadable', reason: thrown instanceof Refusal ? thrown.message : 'the reader failed' };
  }
}
