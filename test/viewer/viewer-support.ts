import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type Koa from 'koa';
import type { Context } from 'koa';
import type { CampusSso, CampusSsoOptions, FlowViewerOptions, Json } from '../../src/index.ts';
import { pairFor } from '../koa/support.ts';
import type { Browser, Page } from '../support/browser.ts';

export interface ViewerSetup {
  readonly viewer?: Partial<FlowViewerOptions<Json>>;
  readonly options?: Partial<CampusSsoOptions<Json>>;
  /** Mounts what stands between the routes and the viewer. */
  readonly between?: (app: Koa, sso: CampusSso<Json>) => void;
}

/** A portal with the viewer, open to everybody unless a test says otherwise. */
export async function viewedPair(t: TestContext, { viewer = {}, options = {}, between }: ViewerSetup = {}) {
  const pair = await pairFor(t, {
    options,
    mount(app, sso) {
      app.use(sso.session(app));
      app.use(sso.routes());
      between?.(app, sso);
      app.use(sso.flowViewer({ allow: () => true, ...viewer }));
      app.use(sso.requireLogin());
      app.use((ctx: Context) => {
        ctx.body = { page: ctx.originalUrl, user: ctx.state.user };
      });
    },
  });
  const { url } = pair.portal;
  return Object.assign(pair, {
    url: `${url}/sso/flows`,
    /** Somebody who looks at the viewer. */
    auditor: pair.browser(),
  });
}

export type ViewedPair = Awaited<ReturnType<typeof viewedPair>>;

/** The rows of the list of attempts, each as the texts of its cells. */
export function rowsOf({ status, body }: Page): readonly (readonly string[])[] {
  assert.equal(status, 200, body);
  return [...body.matchAll(/<tr id="attempt-[^"]+" class="\w+">([\s\S]*?)<\/tr>/g)].map(([, row = '']) =>
    [...row.matchAll(/<td[^>]*>([\s\S]*?)<\/td>/g)].map(([, cell = '']) => textOf(cell)),
  );
}

/** The steps of the page of an attempt, as texts. */
export function stepsOf({ status, body }: Page): readonly string[] {
  assert.equal(status, 200, body);
  return [...body.matchAll(/<li id="step-\d+"[^>]*>([\s\S]*?)<\/li>/g)].map(([, step = '']) => textOf(step));
}

export function textOf(markup: string): string {
  return markup
    .replace(/<[^>]*>/g, ' ')
    .replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)))
    .replace(/\s+/g, ' ')
    .trim();
}

/** Opens the page of the latest attempt of a flow. */
export async function latestAttempt(browser: Browser, url: string, flow = 'cas'): Promise<Page> {
  const list = await browser.get(`${url}?flow=${flow}`);
  const [, path] = /href="([^"]*\/attempts\/[^"]*)"/.exec(list.body) ?? [];
  assert.ok(path, list.body);
  return browser.get(new URL(path, url));
}
