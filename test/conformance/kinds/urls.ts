import { type CasVersion, casEndpoints, loginUrl, logoutUrl, validateUrl } from '../../../src/protocols/cas/urls.ts';
import { type Comparison, compare, type Fields, type Kinds, textField } from '../kind.ts';

const versions: Readonly<Record<string, CasVersion>> = { '1': '1.0', '2': '2.0', '3': '3.0' };

export const kinds: Kinds = {
  loginUrl: (input, expected) => {
    const { loginUrl: endpoint, server, ...request } = input;
    const login = typeof endpoint === 'string' ? endpoint : casEndpoints(textField(input, 'server'), '3.0').login;
    return compareUrl(expected, loginUrl(login, request));
  },
  logoutUrl: (input, expected) => {
    const version = versions[textField(input, 'version')];
    if (version === undefined) throw new TypeError('the vector has a version of CAS that is not known');
    const redirect = typeof input.redirect === 'string' ? input.redirect : null;
    return compareUrl(expected, logoutUrl(casEndpoints(textField(input, 'server'), version).logout, redirect, version));
  },
  validateUrl: (input, expected) => {
    const { server, endpoint, service, ticket, ...others } = input;
    const { validate } = casEndpoints(textField(input, 'server'), '3.0', { validate: textField(input, 'endpoint') });
    const request = { ...others, service: textField(input, 'service'), ticket: textField(input, 'ticket') };
    return compareUrl(expected, validateUrl(validate, request));
  },
  urlEncode: (input, expected) => {
    const { search, searchParams } = new URL(loginUrl('https://cas/login', { service: textField(input, 'value') }));
    // Java writes a space as `+`. We write `%20`, which every decoder reads; everything else must be the same text.
    const javaForm = search.replace('?service=', '').replaceAll('%20', '+');
    return compare(expected, { decoded: searchParams.get('service'), javaForm });
  },
};

/** The address in the views that the vectors have of it: as a whole, without its query, and the query decoded. */
function compareUrl({ mustNotContain = [], ...expected }: Fields, url: string): Comparison {
  const { searchParams } = new URL(url);
  const params = Object.fromEntries([...searchParams.keys()].map((name) => [name, searchParams.getAll(name)]));
  const forbidden = (mustNotContain as readonly string[]).filter((text) => url.includes(text));
  const { differences } = compare(expected, { url, params, base: url.split('?')[0] });
  return { differences: [...differences, ...forbidden.map((text) => `the address contains ${text}`)] };
}
