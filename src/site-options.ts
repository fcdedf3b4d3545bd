import { isLoopback } from './http/loopback.ts';
import type { Site } from './options.ts';

/** Reads `baseUrl`, one address or a list, and adds what is wrong with it to the problems. */
export function readSites(value: unknown, problems: string[]): readonly Site[] {
  const urls = [value].flat().map((text) => readBaseUrl(text, problems));
  const known = urls.filter((url) => url !== undefined);
  if (urls.length === 0) problems.push('baseUrl: expected at least one address.');
  if (new Set(known.map((url) => url.protocol)).size > 1) {
    problems.push(
      'baseUrl: expected all addresses to have the same scheme; cookies of one would be lost on the other.',
    );
  }
  if (new Set(known.map((url) => url.host)).size < known.length) {
    problems.push('baseUrl: expected addresses with different hosts; a request names no more than its host.');
  }
  return Object.freeze(
    known.map(({ origin, pathname }) => {
      const basePath = pathname.replace(/\/+$/, '');
      return Object.freeze({ baseUrl: origin + basePath, origin, basePath });
    }),
  );
}

function readBaseUrl(value: unknown, problems: string[]): URL | undefined {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) {
    problems.push('baseUrl: expected the address people reach the app at, e.g. "https://portal.example.edu".');
    return undefined;
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    problems.push('baseUrl: expected scheme, host, port and path only, without credentials, query or fragment.');
  }
  if (url.pathname.includes('//')) problems.push('baseUrl: expected a path without empty parts.');
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    problems.push('baseUrl: plain http is only accepted on loopback; tickets and cookies must travel over https.');
  }
  return url;
}
