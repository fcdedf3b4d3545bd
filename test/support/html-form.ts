/** A form as a person would send it without touching anything: what is hidden or filled in, no tickbox that is not ticked. */
export interface HtmlForm {
  readonly id: string | undefined;
  readonly method: 'GET' | 'POST';
  readonly action: URL;
  readonly fields: Readonly<Record<string, string>>;
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: '\u00a0' };

export function decodeEntities(text: string): string {
  return text.replace(
    /&(?:#x([0-9a-f]+)|#(\d+)|([a-z]+));/gi,
    (whole, hex?: string, decimal?: string, name?: string) => {
      if (name !== undefined) return ENTITIES[name.toLowerCase()] ?? whole;
      return String.fromCodePoint(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16));
    },
  );
}

/** The forms of a page: enough HTML for pages of servers under test, and no more. */
export function readForms(html: string, pageUrl: URL): readonly HtmlForm[] {
  return [...html.matchAll(/<form\b([^>]*)>(.*?)<\/form>/gis)].map(([, head = '', content = '']) => {
    const form = attributesOf(head);
    return {
      id: form.get('id'),
      method: form.get('method')?.toUpperCase() === 'POST' ? 'POST' : 'GET',
      action: new URL(form.get('action') || pageUrl.href, pageUrl),
      fields: Object.fromEntries(fieldsOf(content)),
    };
  });
}

function* fieldsOf(content: string): Generator<readonly [string, string]> {
  for (const [, tag = ''] of content.matchAll(/<input\b([^>]*)>/gi)) {
    const input = attributesOf(tag);
    const name = input.get('name');
    const type = input.get('type')?.toLowerCase() ?? 'text';
    if (!name || input.has('disabled') || ['submit', 'button', 'image', 'reset', 'file'].includes(type)) continue;
    const ticks = type === 'checkbox' || type === 'radio';
    if (!ticks || input.has('checked')) yield [name, input.get('value') ?? (ticks ? 'on' : '')];
  }
  for (const [, tag = '', text = ''] of content.matchAll(/<textarea\b([^>]*)>(.*?)<\/textarea>/gis)) {
    const name = attributesOf(tag).get('name');
    if (name) yield [name, decodeEntities(text)];
  }
}

function attributesOf(tag: string): ReadonlyMap<string, string> {
  const attributes = new Map<string, string>();
  for (const [, name = '', double, single, bare] of tag.matchAll(
    /([^\s"'<>/=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/g,
  )) {
    attributes.set(name.toLowerCase(), decodeEntities(double ?? single ?? bare ?? ''));
  }
  return attributes;
}
