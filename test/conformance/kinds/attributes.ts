import type { Attributes } from '../../../machines/vocabulary.ts';
import { type AttributeRule, mapAttributes, matchesRule, rolesOf } from '../../../src/attributes.ts';
import { compare, type Fields, type Kinds, textField } from '../kind.ts';

export const kinds: Kinds = {
  attrPolicy: async (input, expected) => {
    const rule = anyOf(textField(input, 'rule'));
    if (rule === null) return compare(expected, { refused: 'inline flags in a pattern' });
    return compare(expected, { ok: await matchesRule(attributesOf(input), rule) });
  },
  roles: (input, expected) => {
    const names = (input.names ?? input.groupsFrom) as string | readonly string[];
    const roles = rolesOf({ attributes: attributesOf(input) }, names);
    return compare(expected, { roles, groups: roles });
  },
  mapping: (input, expected) => {
    const attributes = input.apply === false ? {} : attributesOf(input);
    const renamed = (input.rename ?? {}) as Readonly<Record<string, string>>;
    const map = Object.keys(attributesOf(input)).map((from) => {
      const field = renamed[from] ?? from;
      return [field, { from, as: flags.has(field) ? 'boolean' : 'text' }] as const;
    });
    return compare(expected, mapAttributes(attributes, Object.fromEntries(map)));
  },
};

/** The fields of a user of Django that hold a truth value; its other fields are texts. */
const flags: ReadonlySet<string> = new Set(['is_active', 'is_staff', 'is_superuser']);

/**
 * The rule of mod_auth_cas: terms of which one is enough, `name:value` for a text and `name~pattern` for a pattern. Newer
 * versions of Node take inline flags and Node 20 does not: null there, so that the outcome does not depend on it.
 */
function anyOf(rule: string): AttributeRule | null {
  if (/~\S*\(\?[a-z-]+[:)]/.test(rule)) return null;
  return rule.split(/\s+/).flatMap((term) => {
    if (term === '') return [];
    const [, name, operator, value = ''] = /^([^:~]*)([:~])(.*)$/s.exec(term) ?? [];
    if (name === undefined) return [{}];
    return [{ [name]: operator === '~' ? new RegExp(value) : value }];
  });
}

function attributesOf(input: Fields): Attributes {
  return input.attributes as Attributes;
}
