/** A state of the application's own with a guard: who has several roles chooses one, and is that until the next login. Runs
 * like `minimal.ts`; `consent.ts` explains how the state is put in. */
import Koa from 'koa';
import { assign } from 'xstate';
import type { CasLoginContext, CustomLoginEvent } from '../machines/index.ts';
import { casLogin, casLoginRoot, casLoginStates } from '../machines/index.ts'; // yours: 'koa-campus-sso/machines'
import { campusSso, cas, type EffectScope, type StepRoute } from '../src/index.ts'; // yours: 'koa-campus-sso'

declare module '../machines/index.ts' {
  interface CustomLoginEvents extends Record<'role.chosen', { readonly role: string }> {}
}

const rolesOf = ({ principal }: CasLoginContext) => principal?.attributes.eduPersonAffiliation ?? [];
const asRole = ({ principal: was }: CasLoginContext, role: string) => ({
  principal: was && { ...was, attributes: { ...was.attributes, actsAs: [role] } },
});
const machine = casLogin.extend({ actions: { askForRole: () => {} } }).createMachine({
  ...casLoginRoot,
  id: 'casLoginWithRole',
  states: {
    ...casLoginStates,
    openingSession: {
      tags: ['awaiting-server'],
      always: [{ guard: ({ context }) => rolesOf(context).length > 1, target: 'choosingRole' }, { target: 'decided' }],
    },
    choosingRole: {
      tags: ['awaiting-browser'],
      entry: 'askForRole',
      on: {
        'role.chosen': { target: 'decided', actions: assign(({ context, event }) => asRole(context, event.role)) },
        'logout.requested': 'loggedOut',
      },
    },
    decided: casLoginStates.openingSession,
  },
});

const role: StepRoute<CasLoginContext, CustomLoginEvent> = {
  page: (context) => ({
    title: 'Who are you today?',
    paragraphs: ['You have several roles at this university.'],
    choices: rolesOf(context).map((one) => ({ label: one, answer: { role: one } })),
    areEquals: true,
  }),
  answer(form, context) {
    const chosen = rolesOf(context).find((one) => one === form.get('role'));
    return chosen === undefined ? undefined : { type: 'role.chosen', role: chosen };
  },
};
const effects = { askForRole: (_: unknown, { visit }: EffectScope) => visit('role') };
const { CAS_URL = '', SSO_SECRET = '', PORT = '3000', BASE_URL = `http://localhost:${PORT}` } = process.env;
const login = cas({ serverUrl: CAS_URL, machine, effects, routes: { role } });
const sso = campusSso({ baseUrl: BASE_URL, secrets: [SSO_SECRET], login });
const app = new Koa();
app.use(sso.session(app)).use(sso.routes()).use(sso.requireLogin());
app.use(({ state: { user }, response }) => {
  response.body = `Hello ${user.id}, ${user.attributes.actsAs ?? user.attributes.eduPersonAffiliation ?? 'guest'}`;
});
app.listen(Number(PORT), () => console.log(`Open ${BASE_URL}`));
