import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { judge } from './support/import-rules.ts';
import { readImports, tokensOf } from './support/imports.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string) => readFileSync(posix.join(root, path), 'utf8');

const files = ['src', 'machines'].flatMap((folder) =>
  readdirSync(posix.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => posix.join(folder, name)),
);

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
}
const manifest = JSON.parse(read('package.json')) as Manifest;
const dependencies = new Set([manifest.dependencies, manifest.peerDependencies].flatMap(Object.keys));

const MAX_LINES = 360;
const MAX_INDEX_LINES = 90;

/** Words that bring the outside into a pure file. */
const IMPURE = new Set(
  'Date performance process crypto globalThis console fetch setTimeout setInterval setImmediate queueMicrotask Buffer'.split(
    ' ',
  ),
);

/** What in a source reads a clock, draws a random number or reaches outside. */
function impurities(source: string): string[] {
  const tokens = tokensOf(source).filter(({ kind }) => kind !== 'text');
  return tokens.flatMap(({ text }, index) => {
    const isProperty = tokens[index - 1]?.text === '.';
    if (text === 'random' && isProperty) return ['random'];
    return IMPURE.has(text) && !isProperty && tokens[index + 1]?.text !== ':' ? [text] : [];
  });
}

const lineCount = (source: string) => source.trimEnd().split('\n').length;

describe('the files of this package', () => {
  test('are found', () => {
    assert.ok(files.includes('src/flow/run.ts') && files.includes('machines/cas-login.ts'));
  });

  test('import only what the table of the design allows', () => {
    assert.deepEqual(
      files.flatMap((path) => judge(path, readImports(read(path)).imports, dependencies)),
      [],
    );
  });

  test('import nothing by require, by a computed address or through export *', () => {
    assert.deepEqual(
      files.flatMap((path) => readImports(read(path)).problems.map((problem) => `${path}: ${problem}`)),
      // It reads a module that the user of a command names.
      ['src/cli/load-machines.ts: import() of a computed address'],
    );
  });

  test('import files that exist', () => {
    const missing = files.flatMap((path) =>
      readImports(read(path))
        .imports.filter(({ specifier }) => specifier.startsWith('.'))
        .map(({ specifier }) => posix.join(posix.dirname(path), specifier))
        .filter((target) => !existsSync(posix.join(root, target))),
    );
    assert.deepEqual(missing, []);
  });

  test(`have at most ${MAX_LINES} lines, and an index at most ${MAX_INDEX_LINES}`, () => {
    const isTooLong = (path: string) =>
      lineCount(read(path)) > (posix.basename(path) === 'index.ts' ? MAX_INDEX_LINES : MAX_LINES);
    assert.deepEqual(
      files.filter(isTooLong).map((path) => `${path}: ${lineCount(read(path))}`),
      [],
    );
  });

  test('know no clock, no random number and nothing outside if they are machines', () => {
    const machines = files.filter((path) => path.startsWith('machines/'));
    assert.deepEqual(
      machines.flatMap((path) => impurities(read(path)).map((word) => `${path}: ${word}`)),
      [],
    );
  });

  test('use the four functions of xstate that its next version keeps, and two more where every transition is told', () => {
    const names = files.flatMap((path) =>
      readImports(read(path))
        .imports.filter(({ specifier, isType }) => specifier === 'xstate' && !isType)
        .flatMap((one) => one.names.filter((name) => /^[a-z*]/.test(name)).map((name) => `${path}: ${name}`)),
    );
    assert.deepEqual(
      names.filter((name) => !/: (setup|assign|initialTransition|transition)$/.test(name)),
      ['src/flow/steps.ts: getInitialMicrosteps', 'src/flow/steps.ts: getMicrosteps'],
    );
  });
});

describe('the reader of imports', () => {
  const specifiers = (source: string) => readImports(source).imports.map(({ specifier }) => specifier);

  test('finds every way to import', () => {
    assert.deepEqual(
      readImports(`
        import './side-effect.ts';
        import whole from 'whole';
        import * as all from 'all';
        import { a, type B, c as d } from 'named';
        import type { T } from 'types';
        import type Default from 'default-type';
        import both, { e } from 'both';
        export { f } from 'again';
        export type { G } from 'again-type';
        const lazy = await import('lazy');
        type Inline = import('inline').Thing;
      `).imports,
      [
        { specifier: './side-effect.ts', isType: false, names: [], isReExport: false },
        { specifier: 'whole', isType: false, names: ['default'], isReExport: false },
        { specifier: 'all', isType: false, names: ['*'], isReExport: false },
        { specifier: 'named', isType: false, names: ['a', 'B', 'c'], isReExport: false },
        { specifier: 'types', isType: true, names: ['T'], isReExport: false },
        { specifier: 'default-type', isType: true, names: ['default'], isReExport: false },
        { specifier: 'both', isType: false, names: ['default', 'e'], isReExport: false },
        { specifier: 'again', isType: false, names: ['f'], isReExport: true },
        { specifier: 'again-type', isType: true, names: ['G'], isReExport: true },
        { specifier: 'lazy', isType: false, names: ['*'], isReExport: false },
        { specifier: 'inline', isType: false, names: ['*'], isReExport: false },
      ],
    );
  });

  test('takes an import of types one by one for an import of the module', () => {
    assert.equal(readImports(`import { type A } from 'a';`).imports[0]?.isType, false);
  });

  test('finds an import behind strings, templates, comments and regular expressions', () => {
    const tricky = [
      `const a = \`x \${b ? \`y \${'}'} z\` : {}} "\`;`,
      'const c = /[\'"`/*]/.test(d) ? 1 / 2 : 3 / 4;',
      "// it's a comment with a `quote",
      '/* and "another */',
      "const e = 'it\\'s';",
    ].join('\n');
    assert.deepEqual(specifiers(`${tricky}\nimport x from 'found';`), ['found']);
  });

  test('takes no import from a comment, a string, a template or a declaration', () => {
    assert.deepEqual(
      specifiers(`
        // import a from 'comment';
        /** import b from 'doc'; */
        const c = "import d from 'string'";
        const e = \`import f from 'template'\`;
        export const from = 'export';
        export { e };
        export type Alias = { readonly from: 'type' };
        export type { Alias as Other };
        const url = import.meta.url;
        const config = { import: 'key' };
      `),
      [],
    );
  });

  test('reports what nobody can judge', () => {
    assert.deepEqual(
      readImports(`
        const a = require('a');
        const b = await import(name);
        export * from 'c';
        export * as d from 'd';
        import { createRequire } from 'node:module';
      `).problems,
      ['require()', 'import() of a computed address', "export * from 'c'", "export * from 'd'", 'createRequire'],
    );
  });
});

describe('the judge of imports', () => {
  const judgeOne = (path: string, statement: string) => judge(path, readImports(statement).imports, dependencies);

  const offences: readonly [string, string][] = [
    ['machines/cas-login.ts', `import { readFileSync } from 'node:fs';`],
    ['machines/cas-login.ts', `import type { Store } from '../src/storage/store.ts';`],
    ['machines/cas-login.ts', `import { SsoError } from '../src/errors.ts';`],
    ['machines/cas-login.ts', `import type { Logger } from '../src/options.ts';`],
    ['machines/cas-login.ts', `import { getAdjacencyMap } from 'xstate/graph';`],
    ['machines/cas-login.ts', `import { casLogin } from './index.ts';`],
    ['machines/cas-login.ts', `import Keyv from 'keyv';`],
    ['src/flow/run.ts', `import { casLoginMachine } from '../../machines/cas-login.ts';`],
    ['src/flow/run.ts', `import { createStore } from '../storage/store.ts';`],
    ['src/flow/run.ts', `import type { Sealer } from '../storage/seal.ts';`],
    ['src/flow/run.ts', `import type { LoginScope } from '../protocols/protocol.ts';`],
    ['src/flow/run.ts', `import type { Context } from 'koa';`],
    ['src/flow/run.ts', `import { isLoopback } from '../http/loopback.ts';`],
    ['src/flow/run.ts', `import { resolveOptions } from '../options.ts';`],
    ['src/flow/run.ts', `import { type Principal } from '../../machines/vocabulary.ts';`],
    ['src/flow/run.ts', `import type { JournalRecord } from '../journal/record.ts';`],
    ['src/journal/journal.ts', `import { begin } from '../flow/run.ts';`],
    ['src/journal/journal.ts', `import { createStore } from '../storage/store.ts';`],
    ['src/journal/journal.ts', `import type { Context } from 'koa';`],
    ['src/journal/telemetry.ts', `import { metrics } from '@opentelemetry/sdk-metrics';`],
    ['src/koa/routes.ts', `import { createJournal } from '../journal/journal.ts';`],
    ['src/journal-options.ts', `import { fileSink } from './journal/file-sink.ts';`],
    ['src/storage/store.ts', `import type { Flow } from '../flow/flow.ts';`],
    ['src/storage/store.ts', `import { setup } from 'xstate';`],
    ['src/storage/store.ts', `import { Pool } from 'undici';`],
    ['src/http/back-channel.ts', `import type { Principal } from '../../machines/vocabulary.ts';`],
    ['src/http/back-channel.ts', `import type { Store } from '../storage/store.ts';`],
    ['src/protocols/protocol.ts', `import { emptyReply } from '../flow/reply.ts';`],
    ['src/protocols/protocol.ts', `import type { CasOptions } from './cas/index.ts';`],
    ['src/protocols/session-effects.ts', `import { createLogins } from '../storage/logins.ts';`],
    ['src/protocols/session-effects.ts', `import { loginUrl } from './cas/urls.ts';`],
    ['src/protocols/cas/urls.ts', `import { casLoginMachine } from '../../../machines/cas-login.ts';`],
    ['src/protocols/cas/urls.ts', `import { createHash } from 'node:crypto';`],
    ['src/protocols/cas/urls.ts', `import type { BackChannel } from '../../http/back-channel.ts';`],
    ['src/protocols/cas/urls.ts', `import type { Flow } from '../../flow/flow.ts';`],
    ['src/protocols/cas/urls.ts', `import type { Store } from '../../storage/store.ts';`],
    ['src/protocols/cas/urls.ts', `import { createCasEffects } from './effects.ts';`],
    ['src/protocols/cas/urls.ts', `import type { AnyStateMachine } from 'xstate';`],
    ['src/protocols/cas/effects.ts', `import { defineFlow } from '../../flow/flow.ts';`],
    ['src/protocols/cas/effects.ts', `import type { Context } from 'koa';`],
    ['src/protocols/cas/effects.ts', `import type { Runtime } from '../../koa/runtime.ts';`],
    ['src/protocols/cas/effects.ts', `import { transition } from 'xstate';`],
    ['src/protocols/cas/effects.ts', `import { presets } from '../ucam/presets.ts';`],
    ['src/protocols/cas/effects.ts', `const { presets } = await import('../ucam/presets.ts');`],
    ['src/protocols/ucam/request.ts', `import type { CasEndpoints } from '../cas/urls.ts';`],
    ['src/protocols/cas/proxy-effects.ts', `import { createStep } from '../../flow/run.ts';`],
    ['src/koa/routes.ts', `import { loginUrl } from '../protocols/cas/urls.ts';`],
    ['src/koa/routes.ts', `import { cas } from '../protocols/cas/index.ts';`],
    ['src/koa/routes.ts', `import type { SessionEffects } from '../protocols/session-effects.ts';`],
    ['src/koa/routes.ts', `import { isLoopback } from '../http/loopback.ts';`],
    ['src/koa/routes.ts', `import { casLoginMachine } from '../../machines/cas-login.ts';`],
    ['src/koa/routes.ts', `import Keyv from 'keyv';`],
    ['src/koa/routes.ts', `import { campusSso } from '../plugin.ts';`],
    ['src/koa/routes.ts', `import type { CampusSso } from '../index.ts';`],
    ['src/koa/routes.ts', `import { helper } from '../../test/support/portal.ts';`],
    ['src/koa/routes.ts', `import express from 'express';`],
    ['src/koa/routes.ts', `export { createStore } from '../storage/store';`],
    ['src/options.ts', `import { createStore } from './storage/store.ts';`],
    ['src/options.ts', `import { createBackChannel } from './http/back-channel.ts';`],
    ['src/options.ts', `import type { Principal } from '../machines/index.ts';`],
    ['src/errors.ts', `import type { Reply } from './flow/reply.ts';`],
    ['src/plugin.ts', `import Keyv from 'keyv';`],
    ['src/plugin.ts', `import { setup } from 'xstate';`],
    ['src/plugin.ts', `import { casLoginMachine } from '../machines/index.ts';`],
    ['src/index.ts', `export { casLoginMachine } from '../machines/index.ts';`],
    ['src/testing/fake-cas.ts', `import { explanations } from '../errors.ts';`],
    ['src/testing/fake-cas.ts', `import type { JournalEntry } from '../flow/journal.ts';`],
    ['src/cli/dev.ts', `import { startFakeCas } from '../testing/fake-cas.ts';`],
    ['src/unheard-of.ts', `import { SsoError } from './errors.ts';`],
  ];
  for (const [path, statement] of offences) {
    test(`finds fault with ${statement} in ${path}`, () => {
      assert.equal(judgeOne(path, statement).length, 1);
    });
  }

  const allowed: readonly [string, string][] = [
    ['machines/index.ts', `export { casLogin, type CasLoginInput } from './cas-login-vocabulary.ts';`],
    ['machines/cas-login.ts', `import { assign } from 'xstate';`],
    ['src/flow/run.ts', `import type { Principal } from '../../machines/vocabulary.ts';`],
    ['src/flow/flow-store.ts', `import type { Store } from '../storage/store.ts';`],
    ['src/flow/run.ts', `import { SsoError } from '../errors.ts';`],
    ['src/flow/run.ts', `import type { Logger } from '../options.ts';`],
    ['src/journal/journal.ts', `import type { JournalEntry } from '../flow/journal.ts';`],
    ['src/journal/telemetry.ts', `await import('@opentelemetry/api');`],
    ['src/journal-options.ts', `import type { JournalSink } from './journal/sinks.ts';`],
    ['src/storage/memory-store.ts', `import Keyv from 'keyv';`],
    ['src/protocols/cas/effects.ts', `const { read } = await import('./service-response.ts');`],
    ['src/protocols/cas/effects.ts', `import { createBackChannel } from '../../http/back-channel.ts';`],
    ['src/protocols/cas/proxy-effects.ts', `import type { ProxyGrants } from '../../storage/proxy-grants.ts';`],
    ['src/protocols/cas/xml.ts', `import { XMLParser } from 'fast-xml-parser';`],
    ['src/koa/routes.ts', `import type { LoginProtocol } from '../protocols/protocol.ts';`],
    ['src/options.ts', `import { isLoopback } from './http/loopback.ts';`],
    ['src/plugin.ts', `import { cas } from './protocols/cas/index.ts';`],
    ['src/testing/login-as.ts', `import { campusSso } from '../index.ts';`],
    ['src/cli/dev.ts', `import { startFakeCas } from '../testing/index.ts';`],
  ];
  for (const [path, statement] of allowed) {
    test(`finds no fault with ${statement} in ${path}`, () => {
      assert.deepEqual(judgeOne(path, statement), []);
    });
  }

  test('finds a clock and a random number in a pure file, but not in its comments', () => {
    assert.deepEqual(impurities('const now = Date.now(); const n = Math.random(); // Date.now()'), ['Date', 'random']);
    assert.deepEqual(impurities("const max = Math.max(1, 2); const text = 'Date.now()';"), []);
  });
});
