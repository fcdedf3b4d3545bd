import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { guarded, refuse, type Unreadable } from './refusal.ts';
import { trimmed } from './text.ts';

/** One element. Comments and processing instructions have gone, entities are decoded, CDATA is plain text. */
export interface XmlElement {
  /** The address that the prefix stands for; empty where there is none. Never the prefix, which a server may choose. */
  readonly namespace: string;
  readonly name: string;
  /** By local name, or as `{namespace}name` for an attribute with a prefix. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** The element's own text, joined, as it was sent. */
  readonly text: string;
  /** The prefixes in force here, for values that are qualified names (CAS 4.2.5, `StatusCode`). */
  readonly prefixes: ReadonlyMap<string, string>;
}

/** A document, or why there is none. */
export type XmlReading = { readonly kind: 'document'; readonly root: XmlElement } | Unreadable;

const XML_NAMESPACE = 'http://www.w3.org/XML/1998/namespace';
const MAX_PREFIXES = 64;
const outermost: ReadonlyMap<string, string> = new Map([
  ['', ''],
  ['xml', XML_NAMESPACE],
]);

const namedEntities: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
]);

const NOT_XML_CHARACTER = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;

const DECLARATION =
  /^<\?xml(?:[ \t\n]+(?:version|encoding|standalone)[ \t\n]*=[ \t\n]*(?:"[\w.-]*"|'[\w.-]*'))+[ \t\n]*\?>/;

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  processEntities: false,
  cdataPropName: '#cdata',
  commentPropName: '#comment',
  ignoreDeclaration: true,
  ignorePiTags: true,
  maxNestedTags: 20,
  // Nodes are lists of single keys here, so a name such as `toString` harms nothing and must not be rewritten.
  onDangerousProperty: (name) => name,
});

/**
 * Reads a whole document strictly (external entities: java-cas-client#191; injected markup: CVE-2017-1000071). The size
 * must have been limited before. Refuses what XML parsers disagree about, so that nothing can mean one thing here and
 * another to the server.
 */
export function readXml(body: string): XmlReading {
  return guarded(() => ({ kind: 'document', root: readDocument(body) }) as const);
}

/** Children by namespace and name (CAS Appendix A): direct ones only, never a search through the document. */
export function childrenNamed(element: XmlElement, namespace: string, name: string): readonly XmlElement[] {
  return element.children.filter((child) => child.namespace === namespace && child.name === name);
}

/**
 * The text of an element that may hold nothing but text (CAS Appendix A, `xs:string`), without white space around it;
 * markup in it is refused.
 */
export function textOnly(element: XmlElement): string {
  if (element.children.length > 0) refuse('markup where text is expected');
  return trimmed(element.text);
}

/** Refuses text between elements that may only hold elements: it is what is left of damaged or injected markup. */
export function elementsOnly(element: XmlElement): readonly XmlElement[] {
  if (trimmed(element.text) !== '') refuse('text where markup is expected');
  return element.children;
}

/** Every element of a subtree, the top one first: to find what hides where it does not belong (CVE-2017-1000071). */
export function* descendants(element: XmlElement): Generator<XmlElement> {
  yield element;
  for (const child of element.children) yield* descendants(child);
}

function readDocument(body: string): XmlElement {
  const source = body
    .replace(/^\uFEFF?[ \t\r\n]*/, '')
    .replace(/\r\n?/g, '\n')
    .replace(DECLARATION, '');
  // The parser drops text at the very end.
  if (!/^[ \t\n]*</.test(source) || !trimmed(source).endsWith('>')) refuse('not XML');
  if (/<!(?!--|\[CDATA\[)/.test(source)) refuse('document type declaration');
  if (NOT_XML_CHARACTER.test(source)) refuse('control character');
  checkInstructions(source);
  if (XMLValidator.validate(source) !== true) refuse('not well formed');
  return onlyRoot(parse(source));
}

// The two passes of fast-xml-parser disagree about where an instruction with a quotation mark in it ends.
function checkInstructions(source: string): void {
  for (let start = source.indexOf('<?'); start !== -1; start = source.indexOf('<?', start)) {
    const end = source.indexOf('?>', start);
    if (end === -1 || /["']/.test(source.slice(start, end))) refuse('processing instruction');
    start = end;
  }
}

function parse(source: string): readonly unknown[] {
  let nodes: unknown;
  try {
    nodes = parser.parse(source);
  } catch {
    refuse('nested too deeply, or a reserved name');
  }
  return list(nodes);
}

function onlyRoot(nodes: readonly unknown[]): XmlElement {
  const { children, text } = content(nodes, outermost);
  const [root] = children;
  if (root === undefined || children.length > 1 || trimmed(text) !== '') refuse('not exactly one root element');
  return root;
}

function content(nodes: readonly unknown[], scope: ReadonlyMap<string, string>) {
  const children: XmlElement[] = [];
  let text = '';
  for (const node of nodes) {
    const [tag, inside] = tagged(node);
    if (tag === '#text') text += characters(String(inside));
    else if (tag === '#cdata')
      text += list(inside)
        .map((part) => String(tagged(part)[1]))
        .join('');
    else if (tag !== '#comment') children.push(element(tag, list(inside), attributesOf(node), scope));
  }
  return { children, text };
}

function element(
  tag: string,
  nodes: readonly unknown[],
  raw: readonly (readonly [string, string])[],
  outer: ReadonlyMap<string, string>,
): XmlElement {
  const prefixes = declared(raw, outer);
  const attributes = new Map<string, string>();
  for (const [qualified, value] of raw) {
    if (qualified === 'xmlns' || qualified.startsWith('xmlns:')) continue;
    const [prefix, name] = split(qualified);
    const key = prefix === '' ? name : `{${resolve(prefix, prefixes)}}${name}`;
    if (attributes.has(key)) refuse('attribute given twice');
    attributes.set(key, value);
  }
  const [prefix, name] = split(tag);
  const namespace = resolve(prefix, prefixes);
  return Object.freeze({ namespace, name, attributes, prefixes, ...content(nodes, prefixes) });
}

function declared(raw: readonly (readonly [string, string])[], outer: ReadonlyMap<string, string>) {
  let scope: Map<string, string> | undefined;
  for (const [qualified, address] of raw) {
    if (qualified !== 'xmlns' && !qualified.startsWith('xmlns:')) continue;
    const prefix = qualified === 'xmlns' ? '' : split(qualified)[1];
    const takesXml = (prefix === 'xml') !== (address === XML_NAMESPACE);
    if (takesXml || prefix === 'xmlns' || (prefix !== '' && address === '')) refuse('namespace declaration');
    scope ??= new Map(outer);
    scope.set(prefix, address);
  }
  // Every element that declares a prefix copies the others: thousands of both would take minutes.
  if (scope !== undefined && scope.size > MAX_PREFIXES) refuse('too many namespaces');
  return scope ?? outer;
}

function resolve(prefix: string, scope: ReadonlyMap<string, string>): string {
  return scope.get(prefix) ?? refuse('prefix without a namespace');
}

function split(qualified: string): readonly [prefix: string, name: string] {
  const parts = qualified.split(':');
  if (parts.length > 2 || parts.some((part) => !/^[^\d.-]/.test(part))) refuse('malformed name');
  const [first = '', second] = parts;
  return second === undefined ? ['', first] : [first, second];
}

function attributesOf(node: unknown): readonly (readonly [string, string])[] {
  const group = (node as { readonly ':@'?: Readonly<Record<string, unknown>> })[':@'] ?? {};
  return Object.entries(group).map(([name, value]) => {
    if (typeof value !== 'string' || value.includes('<')) refuse('malformed attribute');
    return [name, decode(value.replace(/[\t\n]/g, ' '))];
  });
}

function characters(text: string): string {
  if (text.includes(']]>')) refuse('end of a section that was never opened');
  return decode(text);
}

/** One pass, so that `&amp;lt;` stays `&lt;`: decoding twice lets a harmless name turn into markup. */
function decode(text: string): string {
  return text.replace(/&(?:#x([0-9a-fA-F]+)|#([0-9]+)|([A-Za-z]+));|&/g, (all, hex, decimal, name) => {
    if (all === '&') refuse('malformed entity');
    if (name !== undefined) return namedEntities.get(name) ?? refuse('unknown entity');
    const code = hex === undefined ? Number.parseInt(decimal, 10) : Number.parseInt(hex, 16);
    const character = code <= 0x10ffff ? String.fromCodePoint(code) : refuse('malformed character reference');
    return NOT_XML_CHARACTER.test(character) ? refuse('malformed character reference') : character;
  });
}

function tagged(node: unknown): readonly [tag: string, inside: unknown] {
  const entry = Object.entries(node as object).find(([key]) => key !== ':@');
  return entry ?? refuse('not well formed');
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : refuse('not well formed');
}
