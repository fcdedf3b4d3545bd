import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { printableText } from '../../../src/protocols/ucam/printable.ts';

for (const [text, expected, what] of [
  ['Grades (2026) <b>"!"</b>', 'Grades (2026) <b>"!"</b>', 'printable ASCII stays; the server escapes angle brackets'],
  ['Prüfungen', 'Pr&#252;fungen', 'a letter beyond ASCII becomes its number'],
  ['😀 日本', '&#128512; &#26085;&#26412;', 'a character of two halves is one number'],
  ['R&D', 'R&amp;D', 'an ampersand is escaped, because the server does not do it'],
  ['a & b &', 'a &amp; b &amp;', 'an ampersand at the end is escaped'],
  ['caf&eacute; &#233; &#xE9;', 'caf&eacute; &#233; &#xE9;', 'character references stay'],
  ['&é; &#; &#x; &1a;', '&amp;&#233;; &amp;#; &amp;#x; &amp;1a;', 'what only looks like a reference is escaped'],
  ['&amp;lt;', '&amp;lt;', 'somebody who has escaped an ampersand already is not escaped twice'],
  ['one\r\n\ttwo\u0000three\u0085four\u007f', 'one two three four ', 'control characters become a space'],
  ['half \ud83d of', 'half &#65533; of', 'half a character is shown as one that is missing'],
] as const) {
  test(what, () => assert.equal(printableText(text), expected));
}

test('whatever the text, only printable ASCII is left', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string(), (one, other) => {
      assert.match(printableText(one + other), /^[\x20-\x7e]*$/);
    }),
  );
});

test('every ampersand that is left begins a character reference', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('&', '#', 'x', '1', 'a', 'amp', ';', 'é', ' ')), (parts) => {
      const rest = printableText(parts.join('')).replace(/&(?:#\d+|#x[0-9a-f]+|[a-z][a-z0-9]+);/gi, '');
      assert.ok(!rest.includes('&'), rest);
    }),
  );
});
