import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { Browser, Page } from '../support/browser.ts';
import { decodeEntities, readForms } from '../support/html-form.ts';
import { formTo } from './demo-scene.ts';

export const GRADES = '/grades';

export interface ChosenFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** The fields of a form in their order, as somebody fills them in. */
export type Typed = readonly (readonly [name: string, value: string | ChosenFile])[];

export const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

export const SCAN = Buffer.from(Array.from({ length: 70_000 }, (_, index) => (index * 31 + (index >> 8)) % 256));
export const TABLE = Buffer.from('name;mark\r\nAda;1\r\n');
/** One that has all that may go wrong. */
export const FILLED: Typed = [
  ['course', 'Algebra & “Logic”'],
  ['student', 'Ada'],
  ['grade', '1.0'],
  ['student', 'Zoë'],
  ['grade', '1.0'],
  ['student', '<b>Bob</b>'],
  ['grade', ''],
  ['comment', 'one\r\n\r\n  two'],
  ['sheet', { name: 'Prüfung "2".csv', bytes: TABLE }],
  ['evidence', { name: 'scan.png', bytes: SCAN }],
];

/** A body with its type. */
export interface Sent {
  readonly type: string;
  readonly bytes: Buffer;
}

const BOUNDARY = '----WebKitFormBoundary7MA4YWxkTrZu0gW';

/** A form with files, as browsers write it. */
export function multipart(typed: Typed): Sent {
  const escaped = (name: string) => name.replace(/\r/g, '%0D').replace(/\n/g, '%0A').replace(/"/g, '%22');
  const parts = typed.flatMap(([name, value]) => {
    const head = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${escaped(name)}"`;
    if (typeof value === 'string') return [Buffer.from(`${head}\r\n\r\n${value}\r\n`)];
    const file = `; filename="${escaped(value.name)}"\r\nContent-Type: application/octet-stream\r\n\r\n`;
    return [Buffer.from(head + file), value.bytes, Buffer.from('\r\n')];
  });
  return {
    type: `multipart/form-data; boundary=${BOUNDARY}`,
    bytes: Buffer.concat([...parts, Buffer.from(`--${BOUNDARY}--\r\n`)]),
  };
}

/** What the form to hand in grades is filled in with, duplicates included. */
export function typedIn(page: Page): Typed {
  const { body } = page;
  const [form = ''] = /<form [^>]*action="\/grades".*?<\/form>/s.exec(body) ?? [];
  assert.match(form, /enctype="multipart\/form-data"/);
  assert.match(form, /<button [^>]*type="submit">Hand in grades</);
  const inputs = [...form.matchAll(/<input (?:id="\w+" )?name="(\w+)" value="([^"]*)"/g)].map(
    ([, name = '', value = '']) => [name, decodeEntities(value)] as const,
  );
  const { comment = '' } = readForms(form, page.url)[0]?.fields ?? {};
  return [...inputs, ['comment', comment.replace(/^\n/, '').replace(/\r?\n/g, '\r\n')]];
}

/** Sends a form with files, as the button on a page does, and follows where that leads. */
export async function handIn(
  browser: Browser,
  page: Page,
  { type, bytes }: Sent,
  more: Readonly<Record<string, string>> = {},
): Promise<Page> {
  const { action } = formTo(page, GRADES);
  return (await browser.send(action, { type, bytes }, { from: page, headers: more })).settle();
}

/** Presses the button of the page that a kept form goes on from, as its script does. */
export async function resume(page: Page): Promise<Page> {
  const form = page.forms.find(({ action }) => action.pathname === GRADES);
  assert.ok(form && /\/sso\/resume\//.test(page.url.pathname), `${page.status} ${page.url}`);
  return (await page.submit(form)).settle();
}
