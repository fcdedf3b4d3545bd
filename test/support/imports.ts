/** One import of a file, however it is written. */
export interface Import {
  readonly specifier: string;
  /** `import type` and `export type`; an `import { type A }` still loads the module. */
  readonly isType: boolean;
  /** The names as the other module calls them; `*` for all, `default`, and none for `import './x.ts'`. */
  readonly names: readonly string[];
  readonly isReExport: boolean;
}

/** What is wrong with a file before its imports are even judged. */
export interface Reading {
  readonly imports: readonly Import[];
  /** An import whose address is computed, a `require`, or an `export *`: nobody can judge those. */
  readonly problems: readonly string[];
}

interface Token {
  readonly kind: 'word' | 'text' | 'sign';
  readonly text: string;
}

const TOKEN =
  /(?<skip>\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/)|(?<text>'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")|(?<word>[\p{ID_Start}$_][\p{ID_Continue}$]*)|(?<number>\d[\w.]*)|(?<sign>[\s\S])/uy;
const REGEX = /\/(?![*/])(?:[^\\/[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/uy;
/** After these words a slash begins a regular expression. */
const BEFORE_REGEX = new Set([
  'return',
  'typeof',
  'case',
  'in',
  'of',
  'void',
  'throw',
  'new',
  'delete',
  'await',
  'else',
]);

/** The words, strings and signs of a source, without comments; templates and regular expressions are left out. */
export function tokensOf(source: string): readonly Token[] {
  const tokens: Token[] = [];
  /** For each open template: how many braces are open inside its current `${`. */
  const templates: number[] = [];
  let at = 0;
  const skipTemplate = () => {
    while (at < source.length) {
      if (source[at] === '\\') at += 2;
      else if (source[at] === '`') {
        at += 1;
        return;
      } else if (source.startsWith('${', at)) {
        at += 2;
        templates.push(0);
        return;
      } else at += 1;
    }
  };
  while (at < source.length) {
    if (source[at] === '/' && !/^\/[*/]/.test(source.slice(at, at + 2)) && mayBeginRegex(tokens.at(-1))) {
      REGEX.lastIndex = at;
      const match = REGEX.exec(source);
      if (match) {
        at = REGEX.lastIndex;
        tokens.push({ kind: 'sign', text: ')' });
        continue;
      }
    }
    TOKEN.lastIndex = at;
    const { groups = {} } = TOKEN.exec(source) ?? {};
    at = TOKEN.lastIndex;
    if (groups.word !== undefined) tokens.push({ kind: 'word', text: groups.word });
    else if (groups.text !== undefined) tokens.push({ kind: 'text', text: groups.text.slice(1, -1) });
    else if (groups.number !== undefined) tokens.push({ kind: 'sign', text: '0' });
    else if (groups.sign !== undefined) {
      const { sign } = groups;
      const depth = templates.length - 1;
      if (sign === '`') {
        tokens.push({ kind: 'sign', text: ')' });
        skipTemplate();
      } else if (sign === '}' && templates[depth] === 0) {
        templates.pop();
        skipTemplate();
      } else {
        if (depth >= 0 && sign === '{') templates[depth]! += 1;
        if (depth >= 0 && sign === '}') templates[depth]! -= 1;
        tokens.push({ kind: 'sign', text: sign });
      }
    }
  }
  return tokens;
}

function mayBeginRegex(before: Token | undefined): boolean {
  if (before === undefined) return true;
  if (before.kind === 'word') return BEFORE_REGEX.has(before.text);
  return before.kind === 'sign' && !/[)\]}0]/.test(before.text);
}

/** Every import of a source: static, type-only, dynamic, and re-exports. */
export function readImports(source: string): Reading {
  const tokens = tokensOf(source);
  const imports: Import[] = [];
  const problems: string[] = [];
  const textAt = (index: number) => (tokens[index]?.kind === 'text' ? tokens[index].text : undefined);
  const is = (index: number, text: string) => tokens[index]?.kind !== 'text' && tokens[index]?.text === text;

  tokens.forEach((token, index) => {
    if (token.kind !== 'word' || is(index - 1, '.')) return;
    if (token.text === 'require' && is(index + 1, '(')) problems.push('require()');
    if (token.text === 'createRequire') problems.push('createRequire');
    if (token.text === 'import') {
      if (is(index + 1, '(')) {
        const specifier = textAt(index + 2);
        if (specifier === undefined) problems.push('import() of a computed address');
        else imports.push({ specifier, isType: false, names: ['*'], isReExport: false });
      } else if (!is(index + 1, '.') && !is(index + 1, ':')) read(index);
    }
    if (token.text === 'export' && /^[{*]$|^type$/.test(tokens[index + 1]?.text ?? '')) read(index);
  });
  return { imports, problems };

  /** Reads from `import` or `export` up to the string behind `from`; a declaration has none. */
  function read(start: number): void {
    const isReExport = is(start, 'export');
    const sideEffect = textAt(start + 1);
    if (sideEffect !== undefined) {
      imports.push({ specifier: sideEffect, isType: false, names: [], isReExport });
      return;
    }
    const isType = is(start + 1, 'type') && !is(start + 2, 'from') && !is(start + 2, ',');
    let end = start + (isType ? 2 : 1);
    if (isReExport && !is(end, '{') && !is(end, '*')) return;
    const names: string[] = [];
    for (let depth = 0; end < tokens.length; end += 1) {
      if (is(end, 'from') && depth === 0 && textAt(end + 1) !== undefined) break;
      if (is(end, ';') || is(end, '=')) return;
      if (is(end, '{')) depth += 1;
      else if (is(end, '}')) {
        depth -= 1;
        if (depth === 0 && isReExport && !is(end + 1, 'from')) return;
      } else if (is(end, '*')) names.push('*');
      else if (
        tokens[end]?.kind === 'word' &&
        !is(end - 1, 'as') &&
        !(is(end, 'type') && tokens[end + 1]?.kind === 'word')
      ) {
        if (!is(end, 'as')) names.push(depth === 0 ? 'default' : (tokens[end]?.text ?? ''));
      }
    }
    const specifier = textAt(end + 1);
    if (specifier === undefined) return;
    if (isReExport && names.includes('*')) problems.push(`export * from '${specifier}'`);
    imports.push({ specifier, isType, names, isReExport });
  }
}
