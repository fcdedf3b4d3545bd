import { readdirSync } from 'node:fs';

/** `npm run bench NAME…`: 0 if every ratio keeps to its limit, 1 if one does not, 2 for a name without a bench. */
const names = readdirSync(new URL('.', import.meta.url))
  .map((file) => file.replace(/\.[jt]s$/, ''))
  .filter((name) => name !== 'run' && name !== 'interleaved')
  .sort();

const asked = process.argv.slice(2);
if (asked.length === 0 || asked.some((name) => !names.includes(name))) {
  console.error(`usage: npm run bench NAME…  (${names.join(', ')})`);
  process.exitCode = 2;
} else {
  for (const name of asked) {
    const { bench } = (await import(new URL(`${name}.ts`, import.meta.url).href)) as { bench: () => boolean };
    if (!bench()) process.exitCode = 1;
  }
}
