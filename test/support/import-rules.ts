import { posix } from 'node:path';
import type { Import } from './imports.ts';

/** What an import may be: nothing, a type, or anything. */
type Allowed = 'no' | 'types' | 'yes';

/** The kinds of files that the table of the design speaks of. */
type Unit =
  | 'machines'
  | 'errors'
  | 'options'
  | 'koa types'
  | 'plugin'
  | 'index'
  | 'attributes'
  | 'flow'
  | 'journal'
  | 'storage'
  | 'http'
  | 'koa'
  | 'drawing'
  | 'viewer'
  | 'protocol.ts'
  | 'session effects'
  | 'extension'
  | 'pure protocol'
  | 'connected protocol'
  | 'testing'
  | 'cli';

interface Rule {
  /** By unit; what is not there is forbidden. The own folder is in here as well. */
  readonly files: Partial<Record<Unit, Allowed>>;
  /** By package; what is not there is forbidden. */
  readonly packages: Readonly<Record<string, Allowed>>;
  readonly builtins: boolean;
}

const koaPackages = { koa: 'yes', '@koa/router': 'yes', 'koa-session': 'yes' } as const;

/** Section 3 of the design. `errors.ts` and the types of `options.ts` are for all of src and are added below. */
const rules: Readonly<Record<Unit, Rule>> = {
  machines: { files: { machines: 'yes' }, packages: { xstate: 'yes' }, builtins: false },
  errors: { files: { machines: 'types' }, packages: {}, builtins: false },
  attributes: { files: { machines: 'types' }, packages: {}, builtins: false },
  options: {
    files: {
      options: 'yes',
      machines: 'types',
      flow: 'types',
      journal: 'types',
      storage: 'types',
      http: 'types',
      koa: 'types',
      'koa types': 'types',
      'protocol.ts': 'types',
      'connected protocol': 'types',
      'pure protocol': 'types',
      attributes: 'types',
    },
    packages: { koa: 'types', keyv: 'types' },
    builtins: false,
  },
  'koa types': {
    files: { machines: 'types', attributes: 'types' },
    packages: { koa: 'types', xstate: 'types' },
    builtins: false,
  },
  flow: { files: { machines: 'types', flow: 'yes', storage: 'types' }, packages: { xstate: 'yes' }, builtins: true },
  journal: {
    files: { machines: 'types', flow: 'types', journal: 'yes', storage: 'types' },
    packages: { '@opentelemetry/api': 'yes' },
    builtins: true,
  },
  storage: {
    files: { machines: 'types', storage: 'yes' },
    packages: { keyv: 'yes', 'lru-cache': 'yes' },
    builtins: true,
  },
  http: { files: { http: 'yes' }, packages: { undici: 'yes' }, builtins: true },
  'protocol.ts': {
    files: { machines: 'types', flow: 'types', storage: 'types', 'session effects': 'types', 'koa types': 'types' },
    packages: { xstate: 'types' },
    builtins: false,
  },
  'session effects': {
    files: { machines: 'types', flow: 'types', storage: 'types', 'protocol.ts': 'yes' },
    packages: {},
    builtins: false,
  },
  extension: {
    files: { machines: 'yes', flow: 'types', 'protocol.ts': 'types', 'koa types': 'types' },
    packages: { xstate: 'types' },
    builtins: false,
  },
  'pure protocol': {
    files: { machines: 'types', 'pure protocol': 'yes', 'protocol.ts': 'types' },
    packages: { 'fast-xml-parser': 'yes' },
    builtins: false,
  },
  'connected protocol': {
    files: {
      machines: 'yes',
      flow: 'types',
      storage: 'yes',
      http: 'yes',
      'pure protocol': 'yes',
      'connected protocol': 'yes',
      'protocol.ts': 'types',
      'session effects': 'types',
      extension: 'yes',
    },
    packages: { xstate: 'types' },
    builtins: true,
  },
  koa: {
    files: {
      machines: 'types',
      flow: 'yes',
      storage: 'yes',
      koa: 'yes',
      'koa types': 'types',
      'protocol.ts': 'yes',
      attributes: 'yes',
    },
    packages: koaPackages,
    builtins: true,
  },
  // Brings Graphviz in, so that nothing else of the package has to know of it.
  drawing: { files: { machines: 'yes' }, packages: { '@viz-js/viz': 'yes' }, builtins: true },
  viewer: {
    files: {
      machines: 'yes',
      drawing: 'yes',
      viewer: 'yes',
      flow: 'types',
      koa: 'yes',
      'koa types': 'types',
    },
    packages: koaPackages,
    builtins: true,
  },
  plugin: {
    files: {
      viewer: 'yes',
      machines: 'yes',
      flow: 'yes',
      journal: 'yes',
      storage: 'yes',
      http: 'yes',
      'protocol.ts': 'yes',
      'session effects': 'yes',
      'pure protocol': 'yes',
      'connected protocol': 'yes',
      koa: 'yes',
      'koa types': 'yes',
      options: 'yes',
      attributes: 'yes',
    },
    packages: { ...koaPackages, keyv: 'types' },
    builtins: true,
  },
  index: {
    files: {
      machines: 'yes',
      flow: 'yes',
      journal: 'yes',
      storage: 'yes',
      'protocol.ts': 'yes',
      'pure protocol': 'yes',
      'connected protocol': 'yes',
      koa: 'types',
      'koa types': 'yes',
      viewer: 'types',
      plugin: 'yes',
      options: 'yes',
      attributes: 'yes',
    },
    packages: {},
    builtins: false,
  },
  testing: { files: { testing: 'yes' }, packages: {}, builtins: true },
  cli: { files: { cli: 'yes' }, packages: {}, builtins: true },
};

/** The entries that a package user can import; the tools for users import nothing deeper. */
const PUBLIC_ENTRIES = new Set(['src/index.ts', 'machines/index.ts', 'src/testing/index.ts']);

/** The unit of a file, by its path from the root of the project; undefined for a place that the design does not know. */
export function unitOf(path: string): Unit | undefined {
  const known: readonly [RegExp, Unit][] = [
    [/^machines\/[\w-]+\.ts$/, 'machines'],
    [/^src\/(request-)?errors\.ts$/, 'errors'],
    [/^src\/attributes\.ts$/, 'attributes'],
    [/^src\/([a-z]+-)*options\.ts$/, 'options'],
    [/^src\/(koa|step)-types\.ts$/, 'koa types'],
    [/^src\/plugin\.ts$/, 'plugin'],
    [/^src\/index\.ts$/, 'index'],
    [/^src\/drawing\.ts$/, 'drawing'],
    [/^src\/viewer\/[\w-]+\.ts$/, 'viewer'],
    [/^src\/flow\/[\w-]+\.ts$/, 'flow'],
    [/^src\/journal\/[\w-]+\.ts$/, 'journal'],
    [/^src\/storage\/[\w-]+\.ts$/, 'storage'],
    [/^src\/http\/[\w-]+\.ts$/, 'http'],
    [/^src\/koa\/[\w-]+\.ts$/, 'koa'],
    [/^src\/protocols\/protocol\.ts$/, 'protocol.ts'],
    [/^src\/protocols\/extension\.ts$/, 'extension'],
    [/^src\/protocols\/session-effects\.ts$/, 'session effects'],
    [
      /^src\/protocols\/[\w-]+\/(index|cas|ucam|([\w-]+-)?options|presets|([\w-]+-)?effects|validation|encrypted-grant|signature|keys|key-[\w-]+)\.ts$/,
      'connected protocol',
    ],
    [/^src\/protocols\/[\w-]+\/[\w-]+\.ts$/, 'pure protocol'],
    [/^src\/testing\/[\w-]+\.ts$/, 'testing'],
    [/^src\/cli\/[\w/-]+\.ts$/, 'cli'],
  ];
  return known.find(([pattern]) => pattern.test(path))?.[1];
}

/** Judges the imports of one file; gives a sentence for each that the design forbids. */
export function judge(path: string, imports: readonly Import[], dependencies: ReadonlySet<string>): string[] {
  const unit = unitOf(path);
  if (unit === undefined) return [`${path} is in a place that the design does not know`];
  return imports.flatMap((one) => {
    const reason = forbidden(path, unit, one, dependencies);
    return reason === undefined ? [] : [`${path} imports ${one.specifier}: ${reason}`];
  });
}

function forbidden(path: string, unit: Unit, one: Import, dependencies: ReadonlySet<string>): string | undefined {
  const { specifier } = one;
  if (!specifier.startsWith('.')) return forbiddenPackage(unit, one, dependencies);
  const target = posix.join(posix.dirname(path), specifier);
  const targetUnit = unitOf(target);
  if (targetUnit === undefined) return 'outside of src and machines, or without .ts';
  const isTool = unit === 'testing' || unit === 'cli';
  if (isTool && PUBLIC_ENTRIES.has(target)) return undefined;
  if (unit === 'cli' && targetUnit === 'drawing') return undefined;
  if (target.endsWith('/index.ts') && !mayImportIndex(unit, target)) return 'nobody inside imports an index.ts';
  if (isTool && targetUnit !== unit) return 'only public entries and siblings';
  if (bothAreProtocols(unit, targetUnit) && posix.dirname(path) !== posix.dirname(target)) {
    return 'one protocol never imports another';
  }
  if (targetUnit === 'errors') return unit === 'machines' ? 'machines import machines' : undefined;
  if (targetUnit === 'options' && unit !== 'machines' && one.isType) return undefined;
  if (target === 'src/http/loopback.ts' && unit === 'options') return undefined;
  // defineFlow pairs a machine with its performers, and the compiler checks the pair where both are known.
  if (target === 'src/flow/flow.ts' && /^src\/protocols\/([\w-]+)\/\1\.ts$/.test(path)) return undefined;
  if (unit === 'flow' && targetUnit === 'storage' && target !== 'src/storage/store.ts') return 'only store.ts';
  return verdict(rules[unit].files[targetUnit], one);
}

function mayImportIndex(unit: Unit, target: string): boolean {
  return (unit === 'plugin' || unit === 'index') && /^src\/protocols\/[\w-]+\/index\.ts$/.test(target);
}

function bothAreProtocols(...units: readonly Unit[]): boolean {
  return units.every((unit) => unit === 'pure protocol' || unit === 'connected protocol');
}

function forbiddenPackage(unit: Unit, one: Import, dependencies: ReadonlySet<string>): string | undefined {
  const { specifier } = one;
  if (specifier.startsWith('node:')) return rules[unit].builtins ? undefined : 'no builtins here';
  if (!dependencies.has(specifier)) return 'not a dependency in package.json, or a path inside of one';
  if (unit === 'testing' || unit === 'cli') return undefined;
  return verdict(rules[unit].packages[specifier], one);
}

function verdict(allowed: Allowed = 'no', { isType }: Import): string | undefined {
  if (allowed === 'yes' || (allowed === 'types' && isType)) return undefined;
  return allowed === 'types' ? 'only types may be imported' : 'forbidden';
}
