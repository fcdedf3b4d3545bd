import type { OtherLogin } from './options.ts';
import type { LoginProtocol, Place } from './protocols/protocol.ts';

/** Reads `login`, one way to log in or a list, and adds what is wrong with it to the problems. */
export function readWays(login: unknown, place: Place, problems: string[]): readonly LoginProtocol[] {
  const ways = [login].flat() as readonly Partial<LoginProtocol>[];
  const good = ways.filter((way): way is LoginProtocol => {
    return typeof way?.connect === 'function' && typeof way.problems === 'function';
  });
  if (good.length < ways.length || ways.length === 0) {
    problems.push('login: expected cas({ serverUrl: … }) or ucam({ loginUrl: … }), or a list of them.');
    return [];
  }
  for (const way of good) problems.push(...way.problems(place));
  for (const field of ['name', 'issuer'] as const) {
    const values = good.map((way) => way[field]);
    // People are told apart by issuer and name, and a reply belongs to the way that it was asked for by.
    if (new Set(values).size < values.length)
      problems.push(`login: two ways have the same ${field}; give each its own.`);
  }
  return good;
}

/** Whether something is a login of the application's own. */
export function isOtherLogin(value: unknown): value is OtherLogin {
  const { label, path } = Object(value) as Partial<OtherLogin>;
  return typeof label === 'string' && label.trim() !== '' && typeof path === 'string' && isOwnPath(path);
}

/** Whether a text is a path on this site that no browser takes for another one. */
export function isOwnPath(path: string): boolean {
  return /^\/(?![/\\])[^\\\s]*$/.test(path);
}
