/** Where the public keys of a login server are; any of the three, or several of them. */
export interface KeySources {
  /** PEM by `kid`: `{ '2': '-----BEGIN CERTIFICATE-----…' }`. */
  readonly inline?: Readonly<Record<string, string>>;
  /** Paths of PEM files by `kid`. */
  readonly files?: Readonly<Record<string, string>>;
  /** A folder with `pubkey2`, `2.crt`, `pubkey2.crt` or `2` for the key with the `kid` 2, and so on. */
  readonly directory?: string;
}

/** Everything that is wrong with the form of sources; what is behind them is not looked at. */
export function keySourceProblems(sources: unknown): string[] {
  if (!isRecord(sources)) return ['ucam.keys: expected { inline, files, directory }, at least one of them.'];
  const { inline = {}, files = {}, directory, ...others } = sources;
  const problems = Object.keys(others).map(
    (name) => `ucam.keys.${name}: expected inline, files or directory. PEM by kid belongs into inline.`,
  );
  for (const [name, texts] of Object.entries({ inline, files })) {
    const isTexts = isRecord(texts) && Object.values(texts).every((text) => typeof text === 'string' && text !== '');
    if (!isTexts) problems.push(`ucam.keys.${name}: expected texts by kid, e.g. { '2': … }.`);
  }
  if (directory !== undefined && (typeof directory !== 'string' || directory === '')) {
    problems.push('ucam.keys.directory: expected the path of a folder.');
  }
  return problems;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
