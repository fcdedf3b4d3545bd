/** What already is a character reference: a WLS shows the character, so that `caf&eacute;` needs no other spelling. */
const REFERENCE = /^&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});/;

/**
 * A text as `desc` and `msg` carry it: printable ASCII, everything else as numeric character references (Ucam-WebAuth
 * V4.1, authentication request).
 *
 * A WLS escapes `<` and `>` but not `&`, so an `&` that begins no character reference becomes `&amp;`; one that does
 * stays as it is. A run of control characters becomes one space: as references, browsers read some of them as other
 * characters.
 */
export function printableText(text: string): string {
  if (/^[\x20-\x25\x27-\x7e]*$/.test(text)) return text;
  return text
    .replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ')
    .replace(/&/g, (_, at: number) => (REFERENCE.test(text.slice(at, at + 40)) ? '&' : '&amp;'))
    .replace(/[^\x20-\x7e]/gu, (character) => `&#${codePoint(character)};`);
}

/** Half a character stands for none, so it is shown as what browsers show for such. */
function codePoint(character: string): number {
  const code = character.codePointAt(0) ?? 0xfffd;
  return code >= 0xd800 && code <= 0xdfff ? 0xfffd : code;
}
