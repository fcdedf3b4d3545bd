/** Markup that may be sent as it is. */
export class Html {
  readonly source: string;
  constructor(source: string) {
    this.source = source;
  }
}

export type Part = Html | string | number | null | undefined | readonly Part[];

/** Markup from a template: every value put into it is escaped, unless it is markup itself. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(strings.reduce((text, string, index) => text + render(parts[index - 1]) + string));
}

/** A long word that a narrow screen may break, at these places first. */
export function breakable(word: string, where: RegExp): Html {
  return html`${word.split(where).map((part, index) => (index === 0 ? part : html`<wbr>${part}`))}`;
}

function render(part: Part): string {
  if (part === null || part === undefined) return '';
  if (part instanceof Html) return part.source;
  if (typeof part === 'object') return part.map(render).join('');
  return String(part).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
