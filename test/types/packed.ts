import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');

/** One complaint of the compiler. */
export interface Complaint {
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

/** A project beside this one that has the packed tarball installed. */
export interface Project {
  /** Type-checks these files together with nothing else. */
  check(files: Readonly<Record<string, string>>, options?: Readonly<Record<string, unknown>>): Promise<Complaint[]>;
  remove(): Promise<void>;
}

/** Builds and packs the package as for a release, and unpacks it where an application would have it. */
export async function installPacked(): Promise<Project> {
  const home = await mkdtemp(join(tmpdir(), 'campus-sso-types-'));
  const copy = join(home, 'source');
  const modules = join(home, 'app', 'node_modules');
  await mkdir(copy);
  await mkdir(modules, { recursive: true });
  for (const name of await readdir(root)) {
    if (/^(src|machines|package\.json|.*\.md|LICENSE|tsconfig.*)$/.test(name)) {
      await cp(join(root, name), join(copy, name), { recursive: true });
    }
  }
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'));
  await run(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { cwd: copy });
  await run('npm', ['pack', '--ignore-scripts', '--offline', '--pack-destination', home], { cwd: copy });
  const tarball = (await readdir(home)).find((name) => name.endsWith('.tgz'));
  if (tarball === undefined) throw new Error('npm pack made no tarball');
  await run('tar', ['-xzf', join(home, tarball), '-C', modules]);
  await run('mv', [join(modules, 'package'), join(modules, 'koa-campus-sso')]);
  for (const name of await readdir(join(root, 'node_modules'))) {
    if (!name.startsWith('.')) await symlink(join(root, 'node_modules', name), join(modules, name));
  }
  let projects = 0;
  return {
    async check(files, options = {}) {
      projects += 1;
      const folder = join(home, 'app', `check-${projects}`);
      await mkdir(folder);
      await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(folder, name), text)));
      await writeFile(join(folder, 'package.json'), '{"type":"module"}');
      const compilerOptions = {
        target: 'ES2022',
        module: 'NodeNext',
        strict: true,
        skipLibCheck: true,
        noEmit: true,
        types: ['node'],
        ...options,
      };
      await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: Object.keys(files) }));
      try {
        await run(process.execPath, [tsc, '-p', folder, '--pretty', 'false'], { cwd: folder });
        return [];
      } catch (error) {
        const { stdout = '' } = error as { readonly stdout?: string };
        const found = [...stdout.matchAll(/^([^\s(]+)\((\d+),\d+\): error (.*(?:\n {2}.*)*)/gm)];
        if (found.length === 0) throw error;
        return found.map(([, file = '', line, text = '']) => ({ file, line: Number(line), text }));
      }
    },
    remove: () => rm(home, { recursive: true, force: true }),
  };
}
