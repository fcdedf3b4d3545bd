import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import Router from '@koa/router';
import type Koa from 'koa';
import type { Context } from 'koa';
import type { BrowserContext, Page } from 'playwright-core';
import { type GradesForm, readForm } from '../../../examples/demo/grades/read-form.ts';
import type { CampusSso, Json, Replay } from '../../../src/index.ts';
import { type ChosenFile, hash, SCAN, TABLE } from '../../examples/demo-grades-scene.ts';
import { heading } from './chromium-profile.ts';

/** What a handler has done once and for all. */
export interface Run {
  readonly path: string;
  readonly user: string;
  readonly form: GradesForm;
  readonly type: string;
  readonly key: string;
  readonly replay: Replay | null;
  /** How often this session was here, this time included. */
  readonly times: number;
}

export interface KeptPagesOptions {
  /** What a proxy ticket is asked for. Default: a service that only a fake server knows. */
  readonly service?: string;
  /** Where forms may lead: Chrome holds the redirects after a form against `form-action`. Without it pages have no policy. */
  readonly loginServer?: () => string;
  /** Mounted in front of everything. */
  readonly outer?: (app: Koa) => void;
  /** Waited for before a handler does anything. */
  readonly act?: (ctx: Context) => Promise<void>;
}

/** An application with forms that survive a login. */
export interface KeptPages {
  /** What handlers have done. */
  readonly runs: Run[];
  /** What handlers began with, the first half of what is done twice included. */
  readonly begun: string[];
  mount(app: Koa, sso: CampusSso<Json>): void;
}

/**
 * The form of `/form/NAME` is sent to `/NAME`. The handler of a name that begins with `file` needs a proxy ticket first,
 * and that of one that ends with `moved` leads on to `/done`.
 */
export function keptPages(options: KeptPagesOptions = {}): KeptPages {
  const { service = 'https://registry.example.edu/grades', loginServer, outer, act } = options;
  const runs: Run[] = [];
  const begun: string[] = [];
  const send = (ctx: Context, title: string, content: string) => {
    ctx.type = 'text/html; charset=utf-8';
    ctx.set('Cache-Control', 'no-store');
    if (loginServer) {
      const targets = `'self' ${new URL(loginServer()).origin}`;
      ctx.set(
        'Content-Security-Policy',
        `default-src 'none'; img-src data:; form-action ${targets}; frame-ancestors 'none'`,
      );
    }
    ctx.body = `<!doctype html><html lang="en"><title>${title}</title><link rel="icon" href="data:,"><h1>${title}</h1>${content}`;
  };
  const router = new Router();
  router.get('/form/:name', (ctx) => {
    const { times = 0 } = ctx.session as { times?: number };
    send(ctx, 'Form', `<p id="who">${ctx.state.user.id}, ${times} times</p>${formTo(ctx.params.name ?? '')}`);
  });
  router.get('/', (ctx) => send(ctx, 'Start', ''));
  router.get('/done', (ctx) => send(ctx, 'Done', `<p>${runs.length} in all</p>`));
  router.post('/:name', async (ctx) => {
    const name = ctx.params.name ?? '';
    begun.push(ctx.originalUrl);
    const form = await readForm(ctx);
    if (typeof form === 'string') return ctx.throw(400, form);
    await act?.(ctx);
    if (name.startsWith('file')) await ctx.sso.proxyTicket(service);
    const session = ctx.session as { times?: number };
    session.times = (session.times ?? 0) + 1;
    const { user, replay = null } = ctx.state;
    runs.push({
      path: ctx.originalUrl,
      user: user.id,
      form,
      type: ctx.get('Content-Type'),
      key: ctx.get('Idempotency-Key'),
      replay,
      times: session.times,
    });
    if (!name.endsWith('moved')) return send(ctx, 'Filed', '<a href="/done">On</a>');
    ctx.redirect('/done');
    ctx.status = 303;
  });
  return {
    runs,
    begun,
    mount(app, sso) {
      outer?.(app);
      app.use(sso.session(app));
      app.use(sso.routes());
      app.use(sso.requireLogin({ keepBody: true }));
      app.use(router.routes());
    },
  };
}

const formTo = (name: string) => `<form method="post" action="/${name}" enctype="multipart/form-data">
<input name="name" aria-label="First"><input name="name" aria-label="Second">
<textarea name="note" aria-label="Note"></textarea>
<input type="file" name="sheet" aria-label="Sheet"><input type="file" name="scan" aria-label="Scan">
<button name="submit" value="yes">Send</button></form>`;

/** What somebody types in. */
export const NOTE = 'one\n\n  two & “three”\n';
export const SHEET: ChosenFile = { name: 'Prüfung 2.csv', bytes: TABLE };
export const SCANNED: ChosenFile = { name: 'scan.png', bytes: SCAN };
export const payload = ({ name, bytes }: ChosenFile) => ({
  name,
  mimeType: 'application/octet-stream',
  buffer: Buffer.from(bytes),
});

/** Fills in the form of an open page. */
export async function fillIn(page: Page, note = NOTE): Promise<void> {
  await page.getByLabel('First').fill('Ada');
  await page.getByLabel('Second').fill('Ada');
  await page.getByLabel('Note').fill(note);
  await page.getByLabel('Sheet').setInputFiles(payload(SHEET));
  await page.getByLabel('Scan').setInputFiles(payload(SCANNED));
}

export const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();

/** Waits for a page by its heading. */
export async function arrive(page: Page, title: string): Promise<void> {
  const found = page.getByRole('heading', { level: 1, name: title, exact: true });
  await found.waitFor({ timeout: 60_000 }).catch(async (error: unknown) => {
    assert.fail(`no page "${title}" but "${await heading(page).catch(String)}" at ${page.url()}: ${String(error)}`);
  });
}

/** Waits for something that no page shows. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await delay(20);
}

/** That one form has arrived as it was filled in. */
export function assertFiled(run: Run | undefined, note = NOTE): asserts run {
  assert.ok(run, 'a handler has run');
  assert.deepEqual(Object.fromEntries(run.form.fields), {
    name: ['Ada', 'Ada'],
    note: [note.replace(/\n/g, '\r\n')],
    submit: ['yes'],
  });
  assert.deepEqual(
    run.form.files.map(({ field, name, sha256 }) => [field, name, sha256]),
    [
      ['sheet', SHEET.name, hash(TABLE)],
      ['scan', SCANNED.name, hash(SCAN)],
    ],
  );
}

/** The session of the application ends, as after a night. */
export const endSession = (context: BrowserContext) => context.clearCookies({ name: /sso-session/ });

/** What a browser holds of requests that were kept for it. */
export async function keptFor(context: BrowserContext): Promise<readonly string[]> {
  return (await context.cookies()).flatMap(({ name }) => (name.includes('sso-request') ? [name] : []));
}
