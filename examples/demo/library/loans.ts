import type { User } from '../../../src/index.ts';
import type { Loan } from './answer.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

const CATALOGUE: readonly (readonly [title: string, author: string])[] = [
  ['The Game of Logic', 'Lewis Carroll'],
  ['An Investigation of the Laws of Thought', 'George Boole'],
  ['Formal Logic', 'Augustus De Morgan'],
  ['Elements of Algebra', 'Leonhard Euler'],
  ['A Treatise on Algebra', 'George Peacock'],
  ['Ars Conjectandi', 'Jacob Bernoulli'],
  ['On the Connexion of the Physical Sciences', 'Mary Somerville'],
];

/** The loans of a person, the most urgent first. Made up, but always the same for the same name on the same day. */
export function loansOf({ id, attributes }: Pick<User, 'id' | 'attributes'>, now: number): readonly Loan[] {
  const seed = [...id].reduce((sum, character) => sum + (character.codePointAt(0) ?? 0), 0);
  // What the login server says of people reaches the library too: members of staff may keep a book for longer.
  const period = attributes.eduPersonAffiliation?.includes('staff') ? 56 : 14;
  return Array.from({ length: seed % 4 }, (_, index) => {
    const [title, author] = CATALOGUE[(seed + index * 2) % CATALOGUE.length] ?? ['', ''];
    return { title, author, due: dayOf(now + (1 + ((seed + index * 5) % period)) * DAY_MS) };
  }).sort((one, other) => one.due.localeCompare(other.due));
}

const dayOf = (at: number) => new Date(at).toISOString().slice(0, 10);
