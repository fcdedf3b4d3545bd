import type { Attributes } from '../../../machines/vocabulary.ts';
import { readInstant } from './instant.ts';
import { asText, isList, type Json, type JsonObject } from './json.ts';
import { refuse } from './refusal.ts';
import { trimmed } from './text.ts';
import { childrenNamed, elementsOnly, textOnly, type XmlElement } from './xml.ts';

/** Values by name, in order of arrival. A map, so that no name can reach a prototype. */
export type AttributeValues = ReadonlyMap<string, readonly string[]>;

/**
 * What the standard attributes say about the login itself (CAS Appendix A); null where the server did not tell, or told
 * two things.
 */
export interface LoginFacts {
  readonly authenticatedAt: number | null;
  readonly fromNewLogin: boolean | null;
  readonly longTerm: boolean | null;
}

/**
 * Attributes from XML elements (CAS 2.5.5), in every shape that servers use: an element per value, `attribute` with
 * `name` and `value`, with `name` and text, with child elements, and wrappers of any name around these. A list printed
 * as text stays the text that was sent: taking it apart would make values nobody sent out of a display name in
 * brackets.
 */
export function attributesFromElements(elements: readonly XmlElement[]): AttributeValues {
  const values = new Map<string, string[]>();
  for (const element of elements) collect(element, values);
  return values;
}

/** As `attributesFromElements`, for direct children of a success, whose values RubyCAS prints as YAML. */
export function attributesBesideUser(elements: readonly XmlElement[]): AttributeValues {
  return new Map([...attributesFromElements(elements)].map(([name, values]) => [name, values.flatMap(fromYaml)]));
}

/** Attributes from a JSON object (CAS 2.5.7): bare values and lists alike, whatever their types. */
export function attributesFromJson(object: JsonObject): AttributeValues {
  return new Map([...object].map(([name, value]) => [name, (isList(value) ? value : [value]).flatMap(textOf)]));
}

/**
 * One list of values for each name, out of what was found inside `attributes` and beside it. A server that says the
 * same twice in two shapes, as django-cas-server does, is understood once. `Object.fromEntries` defines keys, so that
 * an attribute called `__proto__` is an ordinary one, also after a round through JSON.
 */
export function attributesObject(inside: AttributeValues, beside: AttributeValues): Attributes {
  const merged = new Map(inside);
  for (const [name, values] of beside) {
    const known = merged.get(name);
    const told = new Set(known);
    merged.set(name, known === undefined ? values : [...known, ...values.filter((value) => !told.has(value))]);
  }
  merged.delete('proxyGrantingTicket');
  return Object.fromEntries(merged);
}

/**
 * The PGT that Apereo releases encrypted as an attribute, without a callback. A copy of the IOU under the same name is
 * nothing new, and neither is ever shown as an attribute.
 */
export function encryptedGrant(inside: AttributeValues, beside: AttributeValues): string | null {
  const sent = [inside, beside].flatMap((values) => values.get('proxyGrantingTicket') ?? []);
  const found = new Set(sent.map(trimmed).filter((value) => value !== '' && !value.startsWith('PGTIOU-')));
  if (found.size > 1) refuse('two encrypted proxy-granting tickets');
  return [...found][0] ?? null;
}

/**
 * The three standard attributes of CAS Appendix A. They stay among the attributes as well, as the server wrote them.
 */
export function loginFacts(attributes: Attributes): LoginFacts {
  return {
    authenticatedAt: readInstant(single(attributes, 'authenticationDate')),
    fromNewLogin: flag(single(attributes, 'isFromNewLogin')),
    longTerm: flag(single(attributes, 'longTermAuthenticationRequestTokenUsed')),
  };
}

function collect(element: XmlElement, values: Map<string, string[]>): void {
  const given = element.attributes.get('name');
  if (element.name === 'attribute' && given !== undefined) {
    const text = textOnly(element);
    const value = element.attributes.get('value');
    if (value !== undefined && text !== '') refuse('attribute with two values');
    add(values, given, value ?? text);
  } else if (element.name === 'attribute' && element.children.length > 0) {
    collectPair(element, values);
  } else if (element.children.length > 0) {
    for (const child of elementsOnly(element)) collect(child, values);
  } else if (element.name !== 'userAttributes') {
    add(values, element.name, element.text);
  }
}

function collectPair(element: XmlElement, values: Map<string, string[]>): void {
  const [name, ...others] = childrenNamed(element, element.namespace, 'name');
  const texts = childrenNamed(element, element.namespace, 'value');
  const complete = elementsOnly(element).length === texts.length + 1;
  if (name === undefined || others.length > 0 || !complete) refuse('attribute without exactly one name');
  for (const text of texts) add(values, textOnly(name), textOnly(text));
}

function add(values: Map<string, string[]>, name: string, value: string): void {
  const key = trimmed(name);
  if (key === '') refuse('attribute without a name');
  const known = values.get(key);
  if (known === undefined) values.set(key, [trimmed(value)]);
  else known.push(trimmed(value));
}

function textOf(value: Json): readonly string[] {
  return value === null ? [] : [asText(value)];
}

// Plain scalars only: whatever YAML would take for more than text stays exactly as it was sent.
function fromYaml(value: string): readonly string[] {
  const document = /^---(?: |\n)([\s\S]*)$/.exec(value)?.[1];
  if (document === undefined) return [value];
  const lines = document.split('\n').filter((line) => line !== '');
  const items = lines.map((line) => /^- ([^\s"'|>&*!{}[\]%@`#][^#]*)$/.exec(line)?.[1]);
  if (items.every((item) => item !== undefined)) return items;
  return lines.length === 1 && /^[^\s"'|>&*!{}[\]%@`#-][^#]*$/.test(lines[0] ?? '') ? lines : [value];
}

function single(attributes: Attributes, name: string): string {
  const values = new Set(Object.hasOwn(attributes, name) ? attributes[name] : []);
  const [value = ''] = values;
  return values.size === 1 ? trimmed(value) : '';
}

function flag(text: string): boolean | null {
  if (/^(?:true|1)$/i.test(text)) return true;
  return /^(?:false|0)$/i.test(text) ? false : null;
}
