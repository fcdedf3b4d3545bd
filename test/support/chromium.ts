import { type Browser, chromium } from 'playwright-core';
import { needPackages } from '../interop/support/packages.ts';

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export interface ChromiumOptions {
  /** More flags of the command line. */
  readonly flags?: readonly string[];
  /** Pages that were left come back as they were, as in a browser of a person. Default false, as Playwright has it. */
  readonly bfcache?: boolean;
}

/**
 * Debian's Chromium, installed first where it is missing. Each call has a profile of its own, which `close()` removes;
 * pages over a test CA need a context with `ignoreHTTPSErrors`.
 */
export async function openChromium({ flags = [], bfcache = false }: ChromiumOptions = {}): Promise<Browser> {
  await needPackages('chromium');
  return chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [...FLAGS, ...flags],
    ...(bfcache ? { ignoreDefaultArgs: ['--disable-back-forward-cache'] } : {}),
  });
}
