import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { instance } from '@viz-js/viz';
import { XMLValidator } from 'fast-xml-parser';
import { type AnyStateMachine, createMachine } from 'xstate';
import {
  casLoginMachine,
  type DiagramTransition,
  type FlowDiagram,
  finishSvg,
  flowDiagram,
  flowDot,
  proxyTicketMachine,
  type TracedStep,
  tracedPicture,
  ucamLoginMachine,
} from '../../machines/index.ts';
import { shippedMachines } from '../../src/cli/load-machines.ts';
import { takenSteps } from '../support/taken-steps.ts';
import { badges, marked, textsOf } from '../support/traced-svg.ts';
import { plainInput } from './cas-login-model.ts';

const viz = await instance();

const pictureOf = (diagram: FlowDiagram) =>
  finishSvg(viz.renderString(flowDot(diagram, { ids: true }), { format: 'svg' }), diagram, { ids: true });

function traced(machine: AnyStateMachine, steps: readonly TracedStep[]): string {
  const diagram = flowDiagram(machine);
  return tracedPicture(pictureOf(diagram), diagram, steps);
}

const person = {
  issuer: 'https://login.example',
  id: 'ab123',
  attributes: {},
  authenticatedAt: null,
  fromNewLogin: null,
};
const redirected = { type: 'redirect.issued', service: 's', url: 'u', params: 'p', at: 1 };
const returned = { type: 'return.ticket', ticket: 'ST-1' };
const vouched = { type: 'validation.succeeded', principal: person, grantOffer: null, at: 2 };
const admitted = { type: 'principal.admitted' };
const opened = { type: 'session.opened', loginId: 'l' };
const casLogin = [redirected, returned, vouched, admitted, opened];

const failing = takenSteps(casLoginMachine, plainInput, [redirected, returned, { type: 'validation.timedOut' }]);
const renewing = takenSteps(casLoginMachine, plainInput, [
  ...casLogin,
  { type: 'grant.expired', returnTo: '/form', keepRequest: true, notKept: null, recentLogins: 0 } as never,
  { type: 'request.saved', savedRequest: { id: 'r', owner: { issuer: person.issuer, id: person.id } } } as never,
  ...casLogin,
  { type: 'request.resumed' },
]);

describe('the way of an attempt', () => {
  test('shows a failed login: what it passed, in which order, and how it ended', () => {
    const svg = traced(casLoginMachine, failing);
    assert.match(svg, /class="flow-picture traced"/);
    assert.deepEqual(
      marked(svg, 'visited')
        .map((id) => id.replace('casLogin-at-', ''))
        .sort(),
      ['awaitingReturn', 'failed', 'redirecting', 'rejecting', 'starting', 'validating'],
    );
    assert.deepEqual(marked(svg, 'here-failure'), ['casLogin-at-failed']);
    assert.deepEqual(badges(svg).sort(), ['1', '2', '3', '4', '5', '6', '✕']);
    assert.deepEqual(
      textsOf(svg)
        .filter(({ classes }) => classes.includes('taken'))
        .map(({ text }) => text.trim())
        .sort(),
      ['otherwise', 'redirect.issued', 'return.ticket', '✕ otherwise', '✕ validation.timedOut'],
    );
  });

  test('shows a renewed login with both its passes, and the one of two names that it came by', () => {
    const svg = traced(casLoginMachine, renewing);
    assert.ok(badges(svg).includes('2 · 11'));
    assert.deepEqual(marked(svg, 'here-success'), ['casLogin-at-authenticated']);
    const names = textsOf(svg).filter(({ text }) => /ownerUnknown|samePrincipal/.test(text));
    assert.deepEqual(
      names.map(({ text, classes }) => [text.trim(), classes.includes('taken')]),
      [
        ['[ownerUnknown]', false],
        ['[samePrincipal]', true],
      ],
    );
  });

  test('shows what happens without leaving a state inside of it, and more than four times with a gap', () => {
    const svg = traced(
      casLoginMachine,
      takenSteps(casLoginMachine, plainInput, [...casLogin, ...Array(5).fill(returned)]),
    );
    assert.ok(badges(svg).includes('8 · 9 · … · 12'));
    const [line] = textsOf(svg).filter(
      ({ of, classes }) => of === 'casLogin-at-authenticated' && classes.includes('taken'),
    );
    assert.equal(line?.text, '↺ return.ticket');
    assert.deepEqual(marked(svg, 'here-success'), ['casLogin-at-authenticated']);
  });

  test('shows an event out of many states at its box and at the state that it left', () => {
    const events = [redirected, { type: 'logout.requested', everywhere: false }];
    const svg = traced(ucamLoginMachine, takenSteps(ucamLoginMachine, plainInput, events));
    assert.ok(marked(svg, 'visited').includes('ucamLogin-note-0'));
    assert.ok(marked(svg, 'visited').includes('ucamLogin-at-awaitingReturn'));
    assert.deepEqual(marked(svg, 'here-ended'), ['ucamLogin-at-loggedOut']);
  });

  test('shows a proxy ticket that was issued as a success', () => {
    const steps = takenSteps(proxyTicketMachine, { grantId: 'g', service: 's' }, [{ type: 'ticket.issued' }]);
    assert.deepEqual(marked(traced(proxyTicketMachine, steps), 'here-success'), ['proxyTicket-at-issued']);
  });

  for (const machine of shippedMachines.values()) {
    test(`finds every transition of ${machine.id} at exactly one name`, () => {
      const diagram = flowDiagram(machine);
      const svg = pictureOf(diagram);
      for (const transition of diagram.transitions) {
        const marks = textsOf(tracedPicture(svg, diagram, [stepOf(transition)])).filter(({ classes }) =>
          classes.includes('taken'),
        );
        const said = marks.map(({ text }) => text.replace(/^[\s↺✓✕]+/, '').trim()).join(' ');
        assert.equal(new Set(marks.map(({ of, label }) => `${of} ${label}`)).size, 1, JSON.stringify(transition));
        assert.equal(said, wordsOf(transition));
      }
    });
  }

  test('leaves out what the picture does not know', () => {
    const strange = { from: 'gone', event: 'x', guard: null, to: 'nowhere+."<', outcome: 'progress' } as const;
    const svg = traced(casLoginMachine, [...failing, strange]);
    assert.ok(badges(svg).includes('6'));
    assert.deepEqual(marked(svg, 'here'), []);
    const diagram = flowDiagram(casLoginMachine);
    assert.equal(tracedPicture(pictureOf(diagram), diagram, [strange]), pictureOf(diagram));
    assert.equal(tracedPicture('', diagram, failing), '');
  });

  test('follows nested and parallel states', () => {
    const nested = createMachine({
      id: 'node one',
      initial: 'outer',
      states: {
        outer: {
          initial: 'in',
          on: { next: 'both' },
          states: { in: { on: { go: 'out' } }, out: {} },
        },
        both: {
          type: 'parallel',
          states: {
            a: { initial: 'x', states: { x: { on: { turn: 'y' } }, y: {} } },
            b: { initial: 'x', states: { x: { on: { turn: 'y' } }, y: {} } },
          },
        },
      },
    });
    const steps = takenSteps(nested, {}, [{ type: 'go' }, { type: 'next' }, { type: 'turn' }]);
    const svg = traced(nested, steps);
    assert.deepEqual(
      marked(svg, 'here').map((id) => id.replace(/.*-at-/, '')),
      ['both_2e_a_2e_y', 'both_2e_b_2e_y'],
    );
    assert.deepEqual(badges(svg).sort(), ['1', '2', '3', '4', '4', '…', '…']);
    assert.ok(marked(svg, 'taken').includes('node_20_one-go-start-outer'));
  });

  test('stands names of any kind', () => {
    const name = `a_graph0" id="x"><script> --> & \\ .+ \n]]> '`;
    const hostile = createMachine({
      id: name,
      initial: name,
      states: { [name]: { on: { [name]: [{ guard: name, target: 'end' }, {}] } }, end: { type: 'final' } },
    });
    const diagram = flowDiagram(hostile);
    const steps = [
      { from: null, event: 'begin', guard: null, to: name, outcome: 'waiting' },
      { from: name, event: name, guard: null, to: name, outcome: 'waiting' },
      { from: name, event: name, guard: name, to: 'end', outcome: 'success' },
    ] as const;
    const svg = tracedPicture(pictureOf(diagram), diagram, steps);
    assert.equal(XMLValidator.validate(svg), true);
    assert.doesNotMatch(svg, /<script/);
    assert.deepEqual(badges(svg).sort(), ['1', '2', '3', '✓']);
  });

  test('writes nothing of a journal into the markup but numbers', () => {
    const outcome = '"><script>' as 'failure';
    const svg = traced(
      casLoginMachine,
      failing.map((step) => ({ ...step, outcome })),
    );
    assert.doesNotMatch(svg, /<script/);
    assert.deepEqual(marked(svg, 'here-progress'), ['casLogin-at-failed']);
  });

  test('is well-formed, and twice the same', () => {
    for (const steps of [failing, renewing]) {
      assert.equal(XMLValidator.validate(traced(casLoginMachine, steps)), true);
      assert.equal(traced(casLoginMachine, steps), traced(casLoginMachine, steps));
    }
  });
});

function stepOf({ from, event, guard, to }: DiagramTransition): TracedStep {
  const before = from;
  return { from: before, event: event || 'always', guard, to: to.join('+') || before, outcome: 'progress' };
}

function wordsOf({ event, guard }: DiagramTransition): string {
  const when = guard === null ? '' : `[${guard}]`;
  return event === '' ? when || 'otherwise' : `${event} ${when}`.trim();
}
