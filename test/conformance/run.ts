import { ConformanceError, failures, formatReport, readVectors, runVectors } from './runner.ts';
import { ucamSummary } from './ucam-readings.ts';

/** `npm run conformance -- FILE…`: 0 if every vector passes, 1 if one fails, 2 if something cannot be run. */
async function main(files: readonly string[]): Promise<number> {
  if (files.length === 0) {
    console.error('usage: npm run conformance -- FILE…');
    return 2;
  }
  try {
    const vectors = (await Promise.all(files.map(readVectors))).flat();
    const report = await runVectors(vectors);
    console.log(formatReport(report) + ucamSummary(report));
    return failures(report).length > 0 ? 1 : 0;
  } catch (error) {
    if (!(error instanceof ConformanceError)) throw error;
    console.error(error.message);
    return 2;
  }
}

process.exitCode = await main(process.argv.slice(2));
