/** A code of six digits after the login server (a stub: on the console); three wrong ones end it. Runs like `consent.ts`. */
import { randomInt } from 'node:crypto';
import Koa from 'koa';
import { type CasLoginContext, casLogin, casLoginRoot, casLoginStates } from '../machines/index.ts'; // yours: 'koa-campus-sso/machines'
import { campusSso, cas, type EffectScope, type StepRoute } from '../src/index.ts'; // yours: 'koa-campus-sso'

declare module '../machines/index.ts' {
  interface CustomLoginEvents extends Record<'code.right' | 'code.wrong', object> {}
  interface CustomLoginContext extends Record<'wrongCodes', number> {}
}
const coded = casLogin.extend({ actions: { sendCode: (_, _params: { user: string }) => {} } });
const mayTryAgain = ({ context }: { context: CasLoginContext }) => (context.wrongCodes ?? 0) < 2;
const miss = coded.assign({ wrongCodes: ({ context }) => (context.wrongCodes ?? 0) + 1 });
const machine = coded.createMachine({
  ...casLoginRoot,
  id: 'casLoginWithCode',
  states: {
    ...casLoginStates,
    openingSession: {
      tags: ['awaiting-browser'],
      entry: { type: 'sendCode', params: ({ context }) => ({ user: context.principal!.id }) },
      on: {
        'code.right': 'verified',
        'code.wrong': [
          { guard: mayTryAgain, actions: miss, target: 'openingSession', reenter: true },
          { target: 'rejecting', actions: { type: 'rememberFailure', params: { code: 'ERR_SSO_NOT_AUTHORISED' } } },
        ],
        'logout.requested': 'loggedOut',
      },
    },
    verified: casLoginStates.openingSession,
  },
});
const codes = new Map<string, string>(); // yours: a store, for some minutes
const effects = {
  sendCode({ user }: { user: string }, { visit }: EffectScope) {
    console.log(`The code is ${codes.set(user, `${randomInt(1e5, 1e6)}`).get(user)}`);
    visit('code');
  },
};
const code: StepRoute<CasLoginContext, { type: 'code.right' | 'code.wrong' }> = {
  page: ({ wrongCodes }) => ({
    title: 'One more step',
    paragraphs: [`${wrongCodes ? 'That was not the code. ' : ''}We have sent you a code.`],
    fields: [{ name: 'code', label: 'Code', type: 'one-time-code' }],
    choices: [{ label: 'Go on' }],
  }),
  answer: (form, { principal: who }) => ({
    type: form.get('code') === codes.get(who!.id) ? 'code.right' : 'code.wrong',
  }),
};
const { CAS_URL = '', SSO_SECRET = '', PORT = '3000', BASE_URL = `http://localhost:${PORT}` } = process.env;
const login = cas({ serverUrl: CAS_URL, machine, effects, routes: { code } });
const sso = campusSso({ baseUrl: BASE_URL, secrets: [SSO_SECRET], login });
const app = new Koa();
app.use(sso.session(app)).use(sso.routes()).use(sso.requireLogin());
app.use((ctx) => {
  ctx.body = `Hello ${ctx.state.user.id}`;
});
app.listen(Number(PORT), () => console.log(`Open ${BASE_URL}`));
