import type { Attributes } from '../machines/vocabulary.ts';

/** One value an attribute may have: a text that is equal, or a pattern that matches. */
type ValueRule = string | RegExp | readonly (string | RegExp)[];

/**
 * Who may pass, by attributes. In an object every named attribute must have one of the values; of a list of objects one
 * must fit. A rule that names nothing lets nobody pass.
 */
export type AttributeRule =
  | { readonly [attribute: string]: ValueRule }
  | readonly { readonly [attribute: string]: ValueRule }[]
  | ((attributes: Attributes) => boolean | Promise<boolean>);

/** Whether attributes fit a rule. Values are compared whole: `staff` is not in `nonstaff`. */
export async function matchesRule(attributes: Attributes, rule: AttributeRule): Promise<boolean> {
  if (typeof rule === 'function') return (await rule(attributes)) === true;
  return [rule].flat().some((all) => {
    const entries = Object.entries(all);
    return entries.length > 0 && entries.every(([name, wanted]) => hasValue(valuesOf(attributes, name), wanted));
  });
}

function hasValue(values: readonly string[], wanted: ValueRule): boolean {
  return [wanted].flat().some((one: string | RegExp) =>
    // A copy, since a pattern with the flag g or y remembers where it stopped and would pass every second person.
    typeof one === 'string' ? one !== '' && values.includes(one) : values.some((value) => new RegExp(one).test(value)),
  );
}

function valuesOf(attributes: Attributes, name: string): readonly string[] {
  return Object.hasOwn(attributes, name) ? (attributes[name] ?? []) : [];
}

/** All values of the attributes that carry roles or groups, in order, each once. Missing attributes count as empty. */
export function rolesOf(
  { attributes }: { readonly attributes: Attributes },
  names: string | readonly string[],
): readonly string[] {
  return [...new Set([names].flat().flatMap((name) => valuesOf(attributes, name)))];
}

/** How one attribute is read: its first text, all its texts, a truth value, a number, or by a function of your own. */
type Reading = 'text' | 'list' | 'boolean' | 'number' | ((values: readonly string[]) => unknown);

type Read<R> = R extends 'text'
  ? string | null
  : R extends 'list'
    ? readonly string[]
    : R extends 'boolean'
      ? boolean
      : R extends 'number'
        ? number | null
        : R extends (values: readonly string[]) => infer T
          ? T
          : never;

/**
 * Attributes as the fields of an account. `from` names the attribute where it differs from the field. The texts `true`,
 * `1` and `yes` are true in any case, everything else is false: the text `False` is not true.
 */
export function mapAttributes<
  const Map extends { readonly [field: string]: Reading | { readonly from: string; readonly as: Reading } },
>(attributes: Attributes, map: Map): { [F in keyof Map]: Read<Map[F] extends { readonly as: infer R } ? R : Map[F]> } {
  const fields = Object.entries(map).map(([field, reading]) => {
    const { from, as } = typeof reading === 'object' ? reading : { from: field, as: reading };
    return [field, read(valuesOf(attributes, from), as)];
  });
  return Object.fromEntries(fields);
}

function read(values: readonly string[], as: Reading): unknown {
  const [first] = values;
  if (typeof as === 'function') return as(values);
  if (as === 'list') return values;
  if (as === 'boolean') return first !== undefined && /^(true|1|yes)$/i.test(first.trim());
  if (as === 'number')
    return first !== undefined && first.trim() !== '' && Number.isFinite(Number(first)) ? Number(first) : null;
  return first ?? null;
}
