const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '\r': '&#13;',
  '\n': '&#10;',
  '\t': '&#9;',
};

/**
 * Text made safe for the content and the quoted attributes of XML and HTML alike.
 * A character that XML 1.0 cannot carry becomes U+FFFD.
 */
export function escapeMarkup(text: string): string {
  return text
    .replace(/[&<>"'\r\n\t]/g, (character) => entities[character] ?? character)
    .replace(/[\u0000-\u001f\ufffe\uffff]|\p{Surrogate}/gu, '\ufffd');
}
