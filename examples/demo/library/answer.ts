/** A book that somebody has borrowed. */
export interface Loan {
  readonly title: string;
  readonly author: string;
  /** The day it must be back: `2026-02-28`. */
  readonly due: string;
}

/** What the library answers to a call on somebody's behalf: this type is all that it shares with its callers. */
export interface LibraryAnswer {
  readonly reader: {
    readonly id: string;
    /** The login server that vouches for the reader. */
    readonly issuer: string;
  };
  /** Who acted for the reader, the most recent first. */
  readonly proxies: readonly string[];
  readonly loans: readonly Loan[];
}

/** Whether something that came over the network is such an answer. */
export function isLibraryAnswer(value: unknown): value is LibraryAnswer {
  const { reader, proxies, loans } = fieldsOf(value);
  const { id, issuer } = fieldsOf(reader);
  return (
    isText(id) &&
    isText(issuer) &&
    Array.isArray(proxies) &&
    proxies.every(isText) &&
    Array.isArray(loans) &&
    loans.every(isLoan)
  );
}

function isLoan(value: unknown): value is Loan {
  const { title, author, due } = fieldsOf(value);
  return isText(title) && isText(author) && isText(due) && !Number.isNaN(Date.parse(due));
}

const isText = (value: unknown): value is string => typeof value === 'string';

/** The fields of an object; none of anything else. */
export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
