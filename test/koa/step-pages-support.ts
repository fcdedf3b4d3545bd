import type { TestContext } from 'node:test';
import bodyParser from '@koa/bodyparser';
import { casLogin, casLoginRoot, casLoginStates } from '../../machines/index.ts';
import { type CasOptions, cas, type EffectScope, type LoginProtocol, type StepPage } from '../../src/index.ts';
import { startFakeCas } from '../../src/testing/fake-cas.ts';
import { type Browser, createBrowser, type Page } from '../support/browser.ts';
import { logIn, type PortalSetup, startPortal } from '../support/portal.ts';

declare module '../../machines/login-vocabulary.ts' {
  interface CustomLoginEvents {
    'test.agreed': { readonly note: string };
    'test.wentOn': object;
    'test.neverTaken': object;
  }
}

const asking = casLogin.extend({ actions: { ask: (_, _params: { readonly user: string }) => {}, askMore: () => {} } });

/** The shipped machine, with a page or two before a session is opened. */
export const askingMachine = asking.createMachine({
  ...casLoginRoot,
  id: 'casLoginThatAsks',
  states: {
    ...casLoginStates,
    openingSession: {
      tags: ['awaiting-browser'],
      entry: { type: 'ask', params: ({ context }) => ({ user: context.principal!.id }) },
      on: { 'test.agreed': 'opening', 'test.wentOn': 'asking', 'logout.requested': 'loggedOut' },
    },
    asking: {
      tags: ['awaiting-browser'],
      entry: 'askMore',
      on: { 'test.agreed': 'opening', 'logout.requested': 'loggedOut' },
    },
    opening: casLoginStates.openingSession,
  },
});

export const QUESTION: StepPage = {
  title: 'Do you agree?',
  paragraphs: ['We would like to know.'],
  choices: [
    { label: 'I agree', answer: { agree: 'yes' } },
    { label: 'Later', answer: { agree: 'later' } },
  ],
};

/** What a test decides. */
export interface Asking {
  ask?: (user: string, scope: EffectScope) => ReturnType<Effects['ask']>;
  page?: (isAgain: boolean) => StepPage;
  answer?: (form: URLSearchParams) => { readonly type: string } | undefined;
  more?: Partial<CasOptions>;
}

type Effects = NonNullable<Parameters<typeof cas<typeof askingMachine>>[0]['effects']>;
type Event = { type: 'test.agreed'; note: string } | undefined;

export function askingLogin(serverUrl: string, { ask, page, answer, more = {} }: Asking = {}): LoginProtocol {
  const route = {
    page: (_: unknown, isAgain: boolean) => page?.(isAgain) ?? QUESTION,
    answer: (form: URLSearchParams) => {
      if (answer) return answer(form) as Event;
      const agree = form.get('agree');
      if (agree === 'more') return { type: 'test.wentOn' } as const;
      return agree === 'yes' ? ({ type: 'test.agreed', note: 'ok' } as const) : undefined;
    },
  };
  return cas({
    serverUrl,
    ...more,
    machine: askingMachine,
    effects: {
      ask: ({ user }, scope) => (ask ? ask(user, scope) : scope.visit('question')),
      askMore: (_, { visit }) => visit('another'),
    },
    routes: { question: route, another: route },
  });
}

/** A portal whose login asks something, and a fake CAS server. */
export async function askingPair(t: TestContext, asked: Asking = {}, setup: Omit<PortalSetup, 'cas' | 'login'> = {}) {
  const fakeCas = await startFakeCas();
  t.after(() => fakeCas.close());
  const portal = await startPortal({ ...setup, login: askingLogin(fakeCas.url, asked) });
  t.after(() => portal.close());
  const browser = (): Browser => {
    const opened = createBrowser();
    t.after(() => opened.close());
    return opened;
  };
  return { fakeCas, portal, browser };
}

/** The same, with a browser at the page. */
export async function atThePage(t: TestContext, asked: Asking = {}, setup: Omit<PortalSetup, 'cas' | 'login'> = {}) {
  const pair = await askingPair(t, asked, setup);
  const visitor = pair.browser();
  const page = await logIn(visitor, `${pair.portal.url}/start?a=1`, pair.fakeCas);
  return { ...pair, visitor, page };
}

/** Presses a button of a page. */
export const press = (page: Page, nth = 0, fields: Readonly<Record<string, string>> = {}) =>
  page.submit(page.forms[nth]!, fields);

/** Pages that keep what they are sent over a login, and show it. */
export const mountForms: NonNullable<PortalSetup['mount']> = (app, sso) => {
  app
    .use(sso.session(app))
    .use(sso.routes())
    .use(sso.requireLogin({ keepBody: true }))
    .use(bodyParser());
  app.use((ctx) => {
    ctx.body = { method: ctx.method, sent: ctx.request.body };
  });
};
