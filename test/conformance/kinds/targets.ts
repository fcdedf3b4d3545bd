import { isSsoError } from '../../../src/errors.ts';
import { createIgnore, type IgnoreRule } from '../../../src/koa/ignore.ts';
import { localTarget } from '../../../src/koa/return-to.ts';
import { compare, type Fields, type Kinds, textField } from '../kind.ts';
import { configuredBase, contextOf, siteOf } from '../sites.ts';

export const kinds: Kinds = {
  nextUrl: (input, expected) => compare(expected, { ok: mayGoTo(textField(input, 'next'), textField(input, 'base')) }),
  ignore: (input, expected) => compare(expected, ignored(input)),
};

function mayGoTo(next: string, base: string): boolean {
  // With a base that our options refuse the plugin does not start, and nobody is sent anywhere.
  if (!URL.canParse(base) && configuredBase(base).ok === false) return false;
  return localTarget(next, siteOf(base).baseUrl) !== undefined;
}

/**
 * `{ rule }` or `{ rules }`, and `{ path }` with or without a query. A rule that begins with `^` is a pattern, every other
 * is a text.
 */
function ignored(input: Fields): Fields {
  const rules = ([input.rules ?? textField(input, 'rule')].flat() as string[]).map(
    (rule): IgnoreRule => (rule.startsWith('^') ? new RegExp(rule) : rule),
  );
  try {
    // The guard asks with the path as Koa has it.
    return { ok: true, ignored: createIgnore(rules)(contextOf({ target: textField(input, 'path') }).path) };
  } catch (thrown) {
    if (isSsoError(thrown)) return { ok: false, code: 'CONFIG', ignored: false };
    throw thrown;
  }
}
