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

/**
 * Debian's Chromium, installed first where it is missing. Each call has a profile of its own, which `close()` removes;
 * pages over a test CA need a context with `ignoreHTTPSErrors`.
 */
export async function openChromium(): Promise<Browser> {
  await needPackages('chromium');
  return chromium.launch({ executablePath: '/usr/bin/chromium', args: FLAGS });
}
