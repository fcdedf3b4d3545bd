import { SsoError } from '../errors.ts';

/**
 * Paths that a guard leaves alone: a text that is the whole path, a text that ends in `/` for everything below it (`/` alone is the start page), or a
 * pattern that is anchored with `^`. Rules see the path only, never the query: an unanchored `/\.js/` over the whole
 * address would open `/admin?x=.js`.
 */
export type IgnoreRule = string | RegExp;

/**
 * @param rules checked once
 * @throws SsoError ERR_SSO_OPTIONS for a rule that does not begin at the start of the path
 */
export function createIgnore(rules: readonly IgnoreRule[]): (path: string) => boolean {
  for (const rule of rules) {
    const anchored = typeof rule === 'string' ? rule.startsWith('/') : rule.source.startsWith('^') && !rule.multiline;
    if (!anchored || (rule instanceof RegExp && hasOpenAlternative(rule.source))) {
      throw new SsoError('ERR_SSO_OPTIONS', {
        message: `requireLogin({ ignore }): ${String(rule)} must begin at the start of the path: "/health", "/public/" or /^\\/public\\//.`,
      });
    }
  }
  return (path) => {
    // What one router takes for `/public/..%2fadmin` another takes for `/admin`.
    if (/(^|\/)\.{1,2}(\/|$)|%2e|%2f|%5c|\\|\/\//i.test(path)) return false;
    return rules.some((rule) => {
      if (typeof rule === 'string') return rule.endsWith('/') && rule !== '/' ? path.startsWith(rule) : path === rule;
      return new RegExp(rule.source, rule.flags.replace(/[gy]/g, '')).test(path);
    });
  };
}

/** In `^a|b` only `a` is anchored. */
function hasOpenAlternative(source: string): boolean {
  const topLevel = source.replace(/\\.|\[(?:\\.|[^\]\\])*\]/g, '');
  let depth = 0;
  for (const character of topLevel) {
    if (character === '(') depth += 1;
    else if (character === ')') depth -= 1;
    else if (character === '|' && depth === 0) return true;
  }
  return false;
}
