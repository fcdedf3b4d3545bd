import { isWebAddress } from './fake-server-http.ts';

/** Where a reply goes, and what it repeats. */
export interface Asked {
  /** The version of the request, 1 to 3; 1 where the request says nothing usable. */
  readonly ver: number;
  readonly url: string;
  readonly params: string;
  /** The server shows failures itself and never returns them. */
  readonly fail: boolean;
}

/** An authentication request that can be served (1.2). */
export interface AuthenticationRequest extends Asked {
  readonly desc: string;
  readonly msg: string;
  readonly iact: '' | 'no' | 'yes';
  /** A password is good enough for it. */
  readonly acceptsPassword: boolean;
  /** All parameters as they came, for the login form. */
  readonly parameters: readonly (readonly [string, string])[];
}

/** What is wrong with an authentication request. */
export interface RefusedRequest {
  readonly status: 520 | 530;
  readonly why: string;
  /** Where to say so; undefined when the request names no usable address to come back to. */
  readonly asked: Asked | undefined;
}

const known = new Set(['ver', 'url', 'desc', 'aauth', 'iact', 'msg', 'params', 'date', 'skew', 'fail']);

/** Reads the query of an authentication request, in which `;` separates as well as `&` (1.1). */
export function readQuery(query: string): URLSearchParams {
  return new URLSearchParams(query.replaceAll(';', '&'));
}

/** Judges an authentication request (1.2). An empty parameter counts as absent. */
export function judgeRequest(parameters: URLSearchParams): AuthenticationRequest | RefusedRequest {
  const value = (name: string) => parameters.get(name) ?? '';
  const urls = parameters.getAll('url');
  const url = urls.length === 1 && isWebAddress(value('url')) ? value('url') : undefined;
  const version = /^[1-3]$/.test(value('ver')) ? Number(value('ver')) : undefined;
  const asked: Asked | undefined =
    url === undefined
      ? undefined
      : { ver: version ?? 1, url, params: value('params'), fail: parameters.getAll('fail').includes('yes') };

  const flaw = findFlaw(parameters);
  if (flaw !== undefined) return { status: 530, why: flaw, asked };
  if (asked === undefined) return { status: 530, why: 'The parameter url is not an http or https address.', asked };
  if (version === undefined) return { status: 520, why: `Version ${value('ver')} is not supported.`, asked };
  const types = value('aauth');
  return {
    ...asked,
    desc: value('desc'),
    msg: value('msg'),
    iact: value('iact') as AuthenticationRequest['iact'],
    acceptsPassword: types === '' || types.split(',').includes('pwd'),
    parameters: [...parameters],
  };
}

function findFlaw(parameters: URLSearchParams): string | undefined {
  for (const name of parameters.keys()) {
    if (!known.has(name)) return `The parameter ${name} is unknown.`;
    if (parameters.getAll(name).length > 1) return `The parameter ${name} occurs more than once.`;
  }
  for (const name of ['ver', 'url']) {
    if (!parameters.get(name)) return `The parameter ${name} is missing.`;
  }
  if (!/^\d+$/.test(parameters.get('ver') ?? '')) return 'The parameter ver is not a number.';
  for (const name of ['desc', 'msg']) {
    if (!/^[\x20-\x7e]*$/.test(parameters.get(name) ?? '')) {
      return `The parameter ${name} holds something other than printable ASCII.`;
    }
  }
  if (!['', 'yes', 'no'].includes(parameters.get('iact') ?? '')) return 'The parameter iact is neither yes nor no.';
  // The University's server is reported to refuse these.
  if (/[\u0000-\u001f]/.test(parameters.get('params') ?? '')) return 'The parameter params holds a control character.';
  return undefined;
}
