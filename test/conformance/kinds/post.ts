import type { Context } from 'koa';
import type { Browser, Page } from '../../support/browser.ts';
import { logIn, startPair, upToReturn } from '../../support/portal.ts';
import { compare, type Fields, type Kinds, textField } from '../kind.ts';

export const kinds: Kinds = { post: async (input, expected) => compare(expected, await postOverLogin(input)) };

type Pair = Awaited<ReturnType<typeof startPair>>;

/** Somebody's session ends while a form is open; the form is sent, and a login succeeds, once by each of two people. */
async function postOverLogin(input: Fields): Promise<Fields> {
  const [method = '', path = ''] = textField(input, 'request').split(' ');
  if (method !== 'POST') throw new TypeError('the vector sends no form');
  const bodies: string[] = [];
  const pair = await startPair({
    mount(app, sso) {
      app.use(sso.session(app));
      app.use(sso.routes());
      app.use(sso.requireLogin({ keepBody: true }));
      app.use(async (ctx: Context) => {
        if (ctx.method === 'POST') bodies.push(await textOf(ctx));
        ctx.body = 'done';
      });
    },
  });
  const send = async (name: string): Promise<readonly string[]> => {
    bodies.length = 0;
    const browser = await interrupted(pair);
    const bytes = Buffer.from(textField(input, 'body'));
    const type = 'application/x-www-form-urlencoded';
    const sent = await browser.send(pair.portal.url + path, { bytes, type });
    const page = await (await comeBackAs(pair, browser, sent, name)).settle();
    const [button] = page.forms;
    if (button && page.url.pathname.includes('/resume/')) {
      await page.submit(button);
      await page.submit(button);
    }
    return [...bodies];
  };
  try {
    const own = await send('alice');
    const other = await send('bob');
    return { bodyReplayed: own[0], once: own.length === 1, sameUserOnly: other.length === 0 };
  } finally {
    await pair.close();
  }
}

/** A browser that alice was signed in with, here and at the login server, until both sessions ended. */
async function interrupted(pair: Pair): Promise<Browser> {
  const browser = pair.browser();
  await logIn(browser, `${pair.portal.url}/`, pair.fakeCas);
  browser.cookies.clear(/sso-session/);
  browser.cookies.clear(/TGC/i);
  return browser;
}

async function comeBackAs(pair: Pair, browser: Browser, sent: Page, name: string): Promise<Page> {
  if (!sent.location) throw new Error(`the form was answered with ${sent.status}`);
  return upToReturn(browser, sent.location.href, pair.fakeCas, name);
}

async function textOf(ctx: Context): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of ctx.req) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('latin1');
}
