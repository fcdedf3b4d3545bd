import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { DemoArguments } from '../../examples/demo/arguments.ts';
import { startDemo as startInProcess } from '../../examples/demo/demo.ts';
import { createTerminal } from '../../examples/demo/terminal.ts';
import { type Browser, createBrowser, type Page } from '../support/browser.ts';
import { decodeEntities, type HtmlForm } from '../support/html-form.ts';
import { type Example, startExample } from './example.ts';

export const DEMO = 'examples/demo/main.ts';
export const alice = { name: 'alice', password: 'wonderland' };

/** What the start screen says. */
export interface Screen {
  readonly portal: string;
  readonly library: string;
  readonly cas: string;
  readonly callback: string;
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
  const { close } = await startInProcess({ ...nothing, ...wanted }, terminal);
  return { ...readScreen(printed), close, output: () => printed };
}

/** A demo in this process, which ends with the test. */
export async function runDemo(t: TestContext, wanted: Partial<DemoArguments> = {}) {
  const demo = await openDemo(wanted);
  t.after(demo.close);
  return demo;
}

function readScreen(text: string): Screen {
  const find = (label: string) => {
    const [, address = ''] =
      new RegExp(`^ {2}${label.padEnd(10)} {2}(https?://localhost:\\d+\\S*)(?:  |$)`, 'm').exec(text) ?? [];
    assert.ok(address, `the address of ${label} in:\n${text}`);
    return address;
  };
  return { portal: find('Portal'), library: find('Library'), cas: find('CAS server'), callback: find('Callback') };
}

export function openBrowser(t: TestContext, ca?: string): Browser {
  const browser = createBrowser(ca === undefined ? {} : { ca });
  t.after(() => browser.close());
  return browser;
}

/** Goes through the form of the login server, up to the page that comes after it. */
export async function signIn(browser: Browser, url: string, user: typeof alice = alice): Promise<Page> {
  const form = await (await browser.get(url)).settle();
  assert.match(form.body, /type="password"/, 'the login form');
  return (await form.submit(form.forms[0]!, { username: user.name, password: user.password })).settle();
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
