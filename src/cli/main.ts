#!/usr/bin/env node
import { runTool } from './commands.ts';

process.exitCode = await runTool(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  error: (text) => process.stderr.write(text),
});
