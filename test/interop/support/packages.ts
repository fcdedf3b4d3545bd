import { execFile, spawn } from 'node:child_process';

// One script, so that its trap takes the policy file away again however it ends.
const INSTALL = `
export DEBIAN_FRONTEND=noninteractive
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  trap 'exit 1' HUP INT TERM
  printf '#!/bin/sh\\nexit 101\\n' >"$policy" && chmod 755 "$policy" || exit 1
fi
install() { apt-get install -q -y --no-install-recommends -o DPkg::Lock::Timeout=300 "$@"; }
install "$@" || { apt-get update -q -o DPkg::Lock::Timeout=300; install "$@"; }
`;

interface Outcome {
  readonly ok: boolean;
  readonly output: string;
}

function run(command: string, args: readonly string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.on('error', (error) => resolve({ ok: false, output: error.message }));
    child.on('close', (code) => resolve({ ok: code === 0, output }));
  });
}

function isInstalled(name: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    execFile('dpkg-query', ['--status', name], { env: { ...process.env, LC_ALL: 'C' } }, (error, stdout) => {
      if (error?.code === 'ENOENT')
        reject(new Error(`The interop tests need Debian: no dpkg-query to ask for ${name}.`));
      else resolve(/^Status: install ok installed$/m.test(stdout));
    });
  });
}

/** Installs those of the named Debian packages that are missing, and lets none of them start a daemon. */
export async function needPackages(...names: readonly string[]): Promise<void> {
  const present = await Promise.all(names.map(isInstalled));
  const missing = names.filter((_, index) => !present[index]);
  if (missing.length === 0) return;

  const root = process.getuid?.() === 0;
  if (!root && !(await run('sudo', ['-n', 'true'])).ok) {
    throw new Error(
      `Debian packages are missing: ${missing.join(', ')}. Run "apt-get install ${missing.join(' ')}" as root, ` +
        'or run the interop tests as root or with password-less sudo, and they install them themselves.',
    );
  }
  const shell = ['/bin/sh', '-c', INSTALL, 'install-packages', ...missing];
  const { ok, output } = root ? await run('/bin/sh', shell.slice(1)) : await run('sudo', ['-n', ...shell]);
  if (!ok) throw new Error(`apt-get could not install ${missing.join(', ')}:\n${output.slice(-3000)}`);
}
