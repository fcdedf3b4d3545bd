/** Documents of a CAS server, for the tests of the readers. */
export const CAS = 'http://www.yale.edu/tp/cas';

export function xml(inner: string): string {
  return `<cas:serviceResponse xmlns:cas="${CAS}">${inner}</cas:serviceResponse>`;
}

export function xmlSuccess(inner: string): string {
  return xml(`<cas:authenticationSuccess>${inner}</cas:authenticationSuccess>`);
}

export function json(response: object): string {
  return JSON.stringify({ serviceResponse: response });
}

export const alice = '<cas:user>alice</cas:user>';
