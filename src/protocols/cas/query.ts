/**
 * All values of a parameter of a raw query, decoded once. An escape that cannot be decoded stays as it is: its percent
 * sign fails whatever form the value should have.
 */
export function queryValues(query: string, name: string): string[] {
  return query
    .split('&')
    .map((pair) => pair.split('='))
    .filter(([key = '']) => decode(key) === name)
    .map(([, ...value]) => decode(value.join('=')));
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}
