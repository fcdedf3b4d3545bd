import { refuse } from './refusal.ts';

/**
 * Text without the white space around it, which the examples of CAS 2.5.2 and 4.2.5 have from being printed prettily.
 * Only the four characters that XML calls white space: a name that begins with a no-break space is another name.
 */
export function trimmed(text: string): string {
  // No regular expression: one that looks for white space before the end takes quadratic time on a long run of it.
  let start = 0;
  let end = text.length;
  while (start < end && isSpace(text.charCodeAt(start))) start += 1;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

/**
 * Text that stands for somebody or something: the user, a proxy or a ticket of CAS 2.6.2. It must not be empty, and
 * must not hold what a log, a header or a data base would read as something else. U+FFFD is what bytes in another
 * character set turn into: two people could look alike by it.
 */
export function identifier(text: string, what: 'user' | 'proxy' | 'ticket'): string {
  const value = trimmed(text);
  if (value === '') refuse(`empty ${what}`);
  if (/[\p{Cc}\p{Cs}\u2028\u2029\uFFFD]/u.test(value)) refuse(`control character in the ${what}`);
  return value;
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d;
}
