import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { DemoArguments } from '../../examples/demo/arguments.ts';
import { startDemo as startInProcess } from '../../examples/demo/demo.ts';
import { createTerminal } from '../../examples/demo/terminal.ts';
import { type FakeCasOptions, startFakeCas } from '../../src/testing/index.ts';
import { type Browser, createBrowser, type Page } from '../support/browser.ts';
import { decodeEntities, type HtmlForm } from '../support/html-form.ts';
import { TEST_SECRET } from '../support/portal.ts';
import { openRunJournal } from '../support/run-journal.ts';
import { type Example, freePort, startExample } from './example.ts';

export const DEMO = 'examples/demo/main.ts';
export const CAS = 'Example University (CAS)';
export const RAVEN = 'Raven';
export const alice = { name: 'alice', password: 'wonderland' };
/** Who signs in with Raven. */
export const amara = { name: 'test0001', password: 'test' };

/** What the start screen says. */
export interface Screen {
  readonly portal: string;
  readonly library: string;
  readonly cas: string;
  readonly callback: string;
  /** Undefined where the CAS server is a real one. */
  readonly raven: string | undefined;
}

/** A demo in a process of its own, as `npm run demo` starts it. */
export async function startDemo(args: readonly string[] = []): Promise<Screen & { readonly demo: Example }> {
  const demo = startExample(DEMO, args);
  await demo.printed(/effects$/m);
  return { demo, ...readScreen(demo.output()) };
}

/** A demo in this process. */
export async function openDemo(wanted: Partial<DemoArguments> = {}) {
  let printed = '';
  const terminal = createTerminal((text) => {
    printed += text;
  }, false);
  const nothing = { cas: undefined, ca: undefined, port: 0, https: false, writeCa: undefined, help: false };
  const journal = openRunJournal({ secrets: [TEST_SECRET] });
  const step: typeof terminal.step = (entry) => {
    journal?.listener(entry);
    terminal.step(entry);
  };
  const { close } = await startInProcess({ ...nothing, ...wanted }, { ...terminal, step });
  return {
    ...readScreen(printed),
    async close() {
      await close();
      await journal?.close();
    },
    output: () => printed,
  };
}

/** A demo in this process, which ends with the test. */
export async function runDemo(t: TestContext, wanted: Partial<DemoArguments> = {}) {
  const demo = await openDemo(wanted);
  t.after(demo.close);
  return demo;
}

/** A file that a demo writes, for the time of a test. */
export async function fileFor(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'demo-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return join(folder, 'ca.pem');
}

/** A demo with `--cas`, and a server that trusts the authority of the demo by the file that `--write-ca` writes. */
export async function runWithServer(t: TestContext, options: FakeCasOptions = {}) {
  const port = Number(await freePort());
  const writeCa = await fileFor(t);
  const demo = await runDemo(t, { cas: `http://localhost:${port}/cas`, writeCa });
  const server = await startFakeCas({ port, callbackCa: await readFile(writeCa, 'utf8'), ...options });
  t.after(() => server.close());
  return { ...demo, server };
}

function readScreen(text: string): Screen {
  const lookFor = (label: string) =>
    new RegExp(`^ {2}${label.padEnd(11)} {2}(https?://localhost:\\d+\\S*)(?:  |$)`, 'm').exec(text)?.[1];
  const find = (label: string) => {
    const address = lookFor(label);
    assert.ok(address, `the address of ${label} in:\n${text}`);
    return address;
  };
  return {
    portal: find('Portal'),
    library: find('Library'),
    cas: find('CAS server'),
    callback: find('Callback'),
    raven: lookFor('Raven'),
  };
}

export function openBrowser(t: TestContext, ca?: string): Browser {
  const browser = createBrowser(ca === undefined ? {} : { ca });
  t.after(() => browser.close());
  return browser;
}

/** Opens a page, and goes on to the form of the CAS server: by the chooser, where there is one. */
export async function openForm(browser: Browser, url: string): Promise<Page> {
  return chooseCas(await (await browser.get(url)).settle());
}

/** Chooses CAS, if the page is the one to choose on. */
export async function chooseCas(page: Page): Promise<Page> {
  const form = page.url.pathname === '/sso/login' ? await choose(page, CAS) : page;
  assert.match(form.body, /type="password"/, 'the login form');
  return form;
}

/** Takes a way to sign in by its label, up to the form of its server, or back without one. */
export async function choose(page: Page, label: string): Promise<Page> {
  return (await page.click(linkTo(page, label))).settle();
}

/** Where a link leads. */
export function linkTo(page: Page, text: string): string {
  const links = [...page.body.matchAll(/<a [^>]*href="([^"]*)"[^>]*>([^<]*)<\/a>/g)];
  const [, href] = links.find(([, , label = '']) => decodeEntities(label) === text) ?? [];
  assert.ok(href, `a link "${text}" in:\n${page.body}`);
  return decodeEntities(href);
}

/** Goes through the form of the CAS server, up to the page that comes after it. */
export async function signIn(browser: Browser, url: string, user: typeof alice = alice): Promise<Page> {
  return fillIn(await openForm(browser, url), user);
}

/** Fills in the form of the CAS server, and goes on to the page that comes of it. */
export async function fillIn(form: Page, user: typeof alice = alice): Promise<Page> {
  return (await form.submit(form.forms[0]!, { username: user.name, password: user.password })).settle();
}

/** The same with Raven. */
export async function signInWithRaven(browser: Browser, url: string, user: typeof amara = amara): Promise<Page> {
  const page = await (await browser.get(url)).settle();
  const form = page.url.pathname === '/sso/login' ? await choose(page, RAVEN) : page;
  assert.match(form.body, /name="pwd"/, 'the login form of Raven');
  return (await form.submit(form.forms[0]!, { userid: user.name, pwd: user.password })).settle();
}

/** The form of a page that is sent to a path. */
export function formTo(page: Page, path: string): HtmlForm {
  const form = page.forms.find(({ action }) => action.pathname === path);
  assert.ok(form, `a form to ${path} in:\n${page.body}`);
  return form;
}

/** Presses the button of a page that sends a form to a path, and goes on to the page that comes of it. */
export async function press(page: Page, path: string): Promise<Page> {
  return (await page.submit(formTo(page, path))).settle();
}

/** The text of a page without its markup, a space for each gap. */
export function textOf(page: Page): string {
  return decodeEntities(page.body.replace(/<wbr>/g, '').replace(/<[^>]+>/g, ' ')).replace(/\s+/g, ' ');
}
