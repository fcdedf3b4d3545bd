/** A state of the application's own: whoever comes for the first time accepts the terms of use, or goes without a login.
 * What led to the shipped `openingSession` leads to the question first. Runs like `minimal.ts`, which explains the rest. */
import Koa from 'koa';
import { casLogin, casLoginRoot, casLoginStates } from '../machines/index.ts'; // yours: 'koa-campus-sso/machines'
import { campusSso, cas } from '../src/index.ts'; // yours: 'koa-campus-sso'

declare module '../machines/index.ts' {
  interface CustomLoginEvents {
    'terms.accepted': { readonly user: string };
    'terms.declined': object;
  }
}

const about = (_: unknown, _params: { readonly user: string }) => {};
const machine = casLogin.extend({ actions: { askForTerms: about, recordTerms: about } }).createMachine({
  ...casLoginRoot,
  id: 'casLoginWithTerms',
  states: {
    ...casLoginStates,
    openingSession: { description: 'The person is known.', tags: ['awaiting-server'], always: 'readingTerms' },
    readingTerms: {
      description: 'The person reads the terms of use, unless they have accepted them before.',
      tags: ['awaiting-browser'],
      entry: { type: 'askForTerms', params: ({ context }) => ({ user: context.principal!.id }) },
      on: {
        'terms.accepted': { target: 'consenting', actions: { type: 'recordTerms', params: ({ event }) => event } },
        'terms.declined': 'loggedOut',
        'logout.requested': 'loggedOut',
      },
    },
    consenting: casLoginStates.openingSession,
  },
});

const { CAS_URL = '', SSO_SECRET = '', PORT = '3000', BASE_URL = `http://localhost:${PORT}` } = process.env;
const accepted = new Set<string>(); // yours: a table
const yes = { label: 'I accept', answer: { accept: 'yes' } };
const no = { label: 'I do not', answer: { accept: 'no' } };
const login = cas({
  serverUrl: CAS_URL,
  machine,
  effects: {
    askForTerms: ({ user }, { visit }) => (accepted.has(user) ? { type: 'terms.accepted', user } : visit('terms')),
    recordTerms: ({ user }) => void accepted.add(user),
  },
  routes: {
    terms: {
      page: () => ({ title: 'Terms of use', paragraphs: ['Be kind to the other people here.'], choices: [yes, no] }),
      answer: (form, { principal }) =>
        form.get('accept') === 'yes' ? { type: 'terms.accepted', user: principal!.id } : { type: 'terms.declined' },
    },
  },
});
const sso = campusSso({ baseUrl: BASE_URL, secrets: [SSO_SECRET], login });
const app = new Koa();
app.use(sso.session(app)).use(sso.routes()).use(sso.requireLogin());
app.use((ctx) => {
  ctx.body = `Hello ${ctx.state.user.id}`;
});
app.listen(Number(PORT), () => console.log(`Open ${BASE_URL}`));
