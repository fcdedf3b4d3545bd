import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>;
};

/** What each entry of the package gives at run time. A change here is a change of the public interface. */
const PUBLIC = {
  '.': [
    'SsoError',
    'campusSso',
    'cas',
    'casPresets',
    'createMemoryKeyv',
    'fileSink',
    'functionSink',
    'headPath',
    'isSsoError',
    'keyvSink',
    'mapAttributes',
    'matchesRule',
    'otelSink',
    'parseRecord',
    'pinoSink',
    'pseudonymsOf',
    'readHead',
    'rolesOf',
    'toEcs',
    'toOcsf',
    'ucam',
    'ucamPresets',
    'verifyJournal',
  ],
  './machines': [
    'CLOCK_SKEW_MS',
    'LAYOUTS',
    'MAX_RECENT_LOGINS',
    'PICTURE_STYLE',
    'assertSafe',
    'casLogin',
    'casLoginMachine',
    'casLoginRoot',
    'casLoginStates',
    'checkSafety',
    'effectNote',
    'finishSvg',
    'flowDiagram',
    'flowDot',
    'flowMermaid',
    'flowScxml',
    'flowStately',
    'flowsDocument',
    'flowsPage',
    'highlight',
    'layoutCost',
    'layoutFaults',
    'stateAnchor',
    'proxiedCall',
    'proxiedCallMachine',
    'proxiedCallRoot',
    'proxiedCallStates',
    'proxyCallback',
    'proxyCallbackMachine',
    'proxyCallbackRoot',
    'proxyCallbackStates',
    'proxyTicket',
    'proxyTicketMachine',
    'proxyTicketRoot',
    'proxyTicketStates',
    'tracedPicture',
    'ucamLogin',
    'ucamLoginMachine',
    'ucamLoginRoot',
    'ucamLoginStates',
  ],
  './testing': ['createDevelopmentCa', 'defaultFakeCasUsers', 'defaultFakeWlsUsers', 'startFakeCas', 'startFakeWls'],
} as const;

describe('the package as it is built', () => {
  let built = '';

  before(async () => {
    // Inside the project, so that the built files find their dependencies.
    built = await mkdtemp(join(root, 'node_modules', '.built-'));
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    await run(process.execPath, [tsc, '-p', join(root, 'tsconfig.build.json'), '--outDir', built]);
  });
  after(() => rm(built, { recursive: true, force: true }));

  for (const [entry, names] of Object.entries(PUBLIC)) {
    test(`${entry} has its types and its public names, and no others`, async () => {
      const paths = manifest.exports[entry];
      assert.ok(typeof paths === 'object');
      const file = (path: string) => join(built, path.replace(/^\.\/dist\//, ''));
      assert.ok(existsSync(file(paths.types)), paths.types);
      const module = (await import(pathToFileURL(file(paths.default)).href)) as object;
      assert.deepEqual(Object.keys(module).sort(), [...names].sort());
    });
  }

  test('loads no XML parser, certificate tool or telemetry with the plugin', async () => {
    const hooks =
      'export const resolve = async (name, context, next) => { process._rawDebug(name); return next(name, context); };';
    const script = `import { register } from 'node:module'; register(${JSON.stringify(`data:text/javascript,${encodeURIComponent(hooks)}`)}); await import(${JSON.stringify(pathToFileURL(join(built, 'src', 'index.js')).href)});`;
    const { stderr } = await run(process.execPath, ['--input-type=module', '-e', script]);
    assert.match(stderr, /undici/, 'the names of what is loaded are seen');
    assert.doesNotMatch(stderr, /fast-xml-parser|node-forge|opentelemetry/);
  });
});
