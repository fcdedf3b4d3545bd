import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { installPacked, type Project } from './packed.ts';

let project: Project;

before(async () => {
  project = await installPacked();
});
after(() => project?.remove());

const HEAD = `
import { casLogin, casLoginMachine, casLoginRoot, casLoginStates, proxyTicketMachine, ucamLoginMachine } from 'koa-campus-sso/machines';
import { campusSso, cas, ucam, type CasExtension, type StepRoute, type UcamExtension } from 'koa-campus-sso';

declare module 'koa-campus-sso/machines' {
  interface CustomLoginEvents {
    'terms.accepted': { readonly at: number };
    'terms.declined': object;
  }
  interface CustomLoginContext {
    readonly acceptedAt: number;
  }
}

const serverUrl = 'https://login.example.edu/cas';
const login = casLogin.extend({
  actions: { askForTerms: (_, _params: { readonly user: string }) => {} },
  guards: { isNew: ({ context }) => context.acceptedAt === undefined },
});
const machine = login.createMachine({
  ...casLoginRoot,
  id: 'withTerms',
  states: {
    ...casLoginStates,
    openingSession: {
      tags: ['awaiting-browser'],
      entry: { type: 'askForTerms', params: ({ context }) => ({ user: context.principal!.id }) },
      on: {
        'terms.accepted': { guard: 'isNew', target: 'opening', actions: login.assign({ acceptedAt: () => 1 }) },
        'terms.declined': 'loggedOut',
        'logout.requested': 'loggedOut',
      },
    },
    opening: casLoginStates.openingSession,
  },
});
const effects = { askForTerms: (params: { readonly user: string }, scope: { visit(route: string): void }) => scope.visit(params.user) };
const terms: StepRoute<unknown, { type: 'terms.accepted'; at: number } | { type: 'terms.declined' }> = {
  page: () => ({ title: 'Terms', paragraphs: [], choices: [{ label: 'Yes' }] }),
  answer: (form) => (form.has('yes') ? { type: 'terms.accepted', at: 1 } : { type: 'terms.declined' }),
};
void [campusSso, cas, ucam, casLoginMachine, proxyTicketMachine, ucamLoginMachine, serverUrl, machine, effects, terms];
`;

/** Each is one statement on one line, so that the complaint is about that line. */
const GOOD: Readonly<Record<string, string>> = {
  'the shipped machine': `cas({ serverUrl });`,
  'other guards': `cas({ serverUrl, machine: casLoginMachine.provide({ guards: { loginLoops: () => false } }) });`,
  'another effect that calls the shipped one': `cas({ serverUrl, effects: { admitPrincipal: (params, scope) => params.principal.id === 'bob' ? { type: 'principal.refused' } : scope.perform(params) } });`,
  'a new state with its effect and its page': `cas({ serverUrl, machine, effects, routes: { terms } });`,
  'both at once': `cas({ serverUrl, machine, effects: { ...effects, showFailure: (params, scope) => scope.perform(params) } });`,
  'an answer typed where it is written': `cas({ serverUrl, machine, effects, routes: { terms: { page: terms.page, answer: (_form, context) => ({ type: 'terms.accepted', at: context.acceptedAt ?? 0 }) } } });`,
  'an extension that is written apart': `const apart: CasExtension<typeof machine> = { machine, effects, routes: { terms } }; cas({ serverUrl, ...apart });`,
  'one that is given by a function': `const extending = (): UcamExtension<typeof ucamLoginMachine> => ({ machine: ucamLoginMachine }); ucam({ loginUrl: 'https://raven.example.edu/auth', ...extending() });`,
  'the other protocol': `ucam({ loginUrl: 'https://raven.example.edu/auth', machine: ucamLoginMachine.provide({ guards: { loginLoops: () => false } }) });`,
};

const BAD: Readonly<Record<string, readonly [source: string, complaint: RegExp]>> = {
  'an unknown guard': [`casLoginMachine.provide({ guards: { loginLops: () => true } });`, /loginLops/],
  'an unknown guard in a transition': [
    `login.createMachine({ ...casLoginRoot, states: { ...casLoginStates, openingSession: { on: { 'terms.accepted': { guard: 'isNwe', target: 'failed' } } } } });`,
    /isNwe|No overload|not assignable/,
  ],
  'an effect that is missing': [`cas({ serverUrl, machine });`, /effects/],
  'an effect that is missing among others': [`cas({ serverUrl, machine, effects: {} });`, /askForTerms/],
  'a misspelt effect': [
    `cas({ serverUrl, machine, effects: { askForTrems: effects.askForTerms } });`,
    /askForTrems|askForTerms/,
  ],
  'an extension apart without one of its effects': [
    `const lacking: CasExtension<typeof machine> = { machine, effects: {} }; void lacking;`,
    /askForTerms/,
  ],
  'an effect that nobody asks for': [
    `cas({ serverUrl, machine, effects: { ...effects, askForMore: () => {} } , routes: {} } satisfies Parameters<typeof cas<typeof machine>>[0]);`,
    /askForMore/,
  ],
  'an effect of another machine': [`cas({ serverUrl, effects: { askForTerms: () => {} } });`, /askForTerms/],
  'wrong params of an effect': [
    `cas({ serverUrl, machine, effects: { askForTerms: (params: { readonly user: number }) => {} } });`,
    /number|string/,
  ],
  'params that the machine does not give': [
    `cas({ serverUrl, machine, effects: { askForTerms: (params) => void params.usre } });`,
    /usre/,
  ],
  'wrong params in the machine': [
    `login.createMachine({ ...casLoginRoot, states: { ...casLoginStates, openingSession: { entry: { type: 'askForTerms', params: { user: 1 } } } } });`,
    /number|string|not assignable/,
  ],
  'an unknown action in the machine': [
    `login.createMachine({ ...casLoginRoot, states: { ...casLoginStates, openingSession: { entry: 'askForTrems' } } });`,
    /askForTrems|not assignable/,
  ],
  'a misspelt event in the machine': [
    `login.createMachine({ ...casLoginRoot, states: { ...casLoginStates, openingSession: { on: { 'terms.acepted': 'failed' } } } });`,
    /terms\.acepted/,
  ],
  'a misspelt event in an answer': [
    `cas({ serverUrl, machine, effects, routes: { terms: { page: terms.page, answer: () => ({ type: 'terms.acepted' }) } } });`,
    /terms\.acepted|terms\.accepted/,
  ],
  'an event without what it carries': [
    `cas({ serverUrl, machine, effects, routes: { terms: { page: terms.page, answer: () => ({ type: 'terms.accepted' }) } } });`,
    /\bat\b|terms/,
  ],
  'an event of the shipped machine in an answer': [
    `cas({ serverUrl, machine, effects, routes: { terms: { page: terms.page, answer: () => ({ type: 'session.opened', loginId: 'x' }) } } });`,
    /session\.opened|terms/,
  ],
  'a misspelt event told by an effect': [
    `cas({ serverUrl, machine, effects: { askForTerms: () => ({ type: 'terms.acepted' as const }) } });`,
    /terms\.acepted/,
  ],
  'a page without choices': [
    `cas({ serverUrl, machine, effects, routes: { terms: { ...terms, page: () => ({ title: 'Terms', paragraphs: [] }) } } });`,
    /choices/,
  ],
  'a replaced effect that tells nonsense': [
    `cas({ serverUrl, effects: { admitPrincipal: () => ({ type: 'principal.welcome' as const }) } });`,
    /principal\.welcome/,
  ],
  'a machine of another protocol': [`cas({ serverUrl, machine: ucamLoginMachine });`, /doesNot|not assignable/],
  'a machine that is no login': [
    `ucam({ loginUrl: 'https://raven.example.edu/auth', machine: proxyTicketMachine });`,
    /doesNot|not assignable|effects/,
  ],
};

for (const exactOptionalPropertyTypes of [true, false]) {
  describe(`from the packed package, ${exactOptionalPropertyTypes ? 'with' : 'without'} exactOptionalPropertyTypes`, () => {
    test('what is right compiles', async () => {
      const source = HEAD + Object.values(GOOD).join('\n');
      assert.deepEqual(await project.check({ 'good.ts': source }, { exactOptionalPropertyTypes }), []);
    });

    test('what is wrong does not, each for its own reason', async () => {
      const first = HEAD.split('\n').length;
      const source =
        HEAD +
        Object.values(BAD)
          .map(([line]) => line)
          .join('\n');
      const complaints = await project.check({ 'bad.ts': source }, { exactOptionalPropertyTypes });
      for (const [index, [what, [, expected]]] of Object.entries(BAD).entries()) {
        const said = complaints.filter(({ line }) => line === first + index).map(({ text }) => text);
        assert.equal(said.length > 0, true, `${what} compiles`);
        assert.match(said.join('\n'), expected, what);
      }
      assert.deepEqual(
        complaints.filter(({ line }) => line < first || line >= first + Object.keys(BAD).length),
        [],
      );
    });
  });
}
