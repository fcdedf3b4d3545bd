import type { AllowedChains, ProxyRule } from '../protocol.ts';

export type { AllowedChains, ProxyRule };

const EXAMPLE = '"https://portal.example.edu/sso/proxy-callback"';

/** Everything that is wrong with a configuration of allowed chains. */
export function checkAllowedChains(chains: unknown): string[] {
  if (typeof chains === 'function') {
    const isAsync = Object.prototype.toString.call(chains) === '[object AsyncFunction]';
    return isAsync ? ['allowedChains: expected a function that returns true or false, not a promise.'] : [];
  }
  if (!Array.isArray(chains)) return [`allowedChains: expected a list of chains, e.g. [[${EXAMPLE}]], or a function.`];
  // Array.from, because the other ways through a list pass over its holes.
  return Array.from(chains as readonly unknown[], (chain, index) => {
    const place = `allowedChains[${index}]`;
    if (!Array.isArray(chain) || chain.length === 0) {
      return [`${place}: expected a list of proxies, the most recent first, e.g. [${EXAMPLE}].`];
    }
    return Array.from(chain as readonly unknown[], (rule, link) =>
      ruleProblems(rule).map((problem) => `${place}[${link}]: ${problem}`),
    ).flat();
  }).flat();
}

/**
 * Whether a chain of proxies, the most recent first, may act for a person (CAS 2.6.2, CVE-2012-1104). One of the allowed
 * chains must have the same length, and each of its rules must cover the proxy at its place; a function must return true.
 * A ticket without proxies is no chain: `allowDirect` says whether it is welcome, whatever chains are.
 *
 * A pattern must cover a whole address, and a string is exactly this address, byte for byte. Strings of phpCAS are
 * prefixes, so that `https://svc.example.edu` lets `https://svc.example.edu.evil.example` in. Nothing is normalised
 * either: a server lists the `pgtUrl` that it was given, so what a proxy is configured with is what arrives, and bytes
 * are what no two parsers of URLs disagree about. An address with a slash at its end, or with its default port written
 * out, is another one.
 *
 * What a server leaves out cannot be judged: django-cas-server 2.0 lists the most recent proxy only.
 */
export function allowsChain(
  allowed: AllowedChains,
  proxies: readonly string[],
  { allowDirect = false }: { readonly allowDirect?: boolean } = {},
): boolean {
  if (proxies.length === 0) return allowDirect;
  if (typeof allowed === 'function') return approves(allowed, proxies);
  return allowed.some(
    (chain) => chain.length === proxies.length && proxies.every((proxy, link) => covers(chain[link], proxy)),
  );
}

// Exactly `true`, because a promise would be as good as a yes.
function approves(allowed: (proxies: readonly string[]) => unknown, proxies: readonly string[]): boolean {
  try {
    return allowed(Object.freeze([...proxies])) === true;
  } catch {
    return false;
  }
}

// The match is compared with the whole address: what the check of the configuration overlooks still opens nothing.
function covers(rule: ProxyRule | undefined, proxy: string): boolean {
  return rule instanceof RegExp ? rule.exec(proxy)?.[0] === proxy : rule === proxy;
}

function ruleProblems(rule: unknown): string[] {
  if (rule instanceof RegExp) return patternProblems(rule);
  if (typeof rule !== 'string') return [`expected an address, e.g. ${EXAMPLE}, or a regular expression.`];
  if (rule.includes('*')) return ['a star stands for itself; for several addresses write a regular expression.'];
  if (/^https?:\/\/[^\s\\]+$/.test(rule) && URL.canParse(rule)) return [];
  return [`expected an absolute address, e.g. ${EXAMPLE}.`];
}

function patternProblems({ source, flags }: RegExp): string[] {
  const problems: string[] = [];
  if (!source.startsWith('^') || !/(?<!\\)(?:\\\\)*\$$/.test(source)) {
    problems.push('expected a regular expression that is anchored with ^ and $.');
  }
  if (hasOpenAlternative(source)) {
    problems.push('an alternative lies open: ^a|b$ means "begins with a, or ends with b". Write ^(?:a|b)$.');
  }
  if (/[gmy]/.test(flags)) {
    problems.push('expected no flag g, m or y: they move the anchors, or what one call matches to the next.');
  }
  return problems;
}

function hasOpenAlternative(source: string): boolean {
  let open = source.replace(/\\./g, '').replace(/\[[^\]]*\]/g, '');
  for (let before = ''; before !== open; ) {
    before = open;
    open = open.replace(/\([^()]*\)/g, '');
  }
  return open.includes('|');
}
