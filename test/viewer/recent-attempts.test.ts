import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JournalEntry } from '../../src/flow/journal.ts';
import { createRecentAttempts, type RecentAttemptsOptions } from '../../src/viewer/recent-attempts.ts';

const START = Date.UTC(2026, 0, 1);

function entry(attempt: string, change: Partial<JournalEntry> = {}): JournalEntry {
  return {
    flow: 'cas',
    attempt,
    at: START,
    from: 'redirecting',
    event: 'redirect.issued',
    guard: null,
    to: 'awaitingReturn',
    code: null,
    effects: [],
    outcome: 'waiting',
    done: false,
    subject: null,
    ...change,
  };
}

function recentAttempts(options: Partial<RecentAttemptsOptions> = {}) {
  const time = { now: START };
  const recent = createRecentAttempts({ clock: () => time.now, keepMs: 60_000, maxAttempts: 3, ...options });
  return { time, recent, labels: () => recent.all().map(({ label }) => label) };
}

test('attempts are told with the one first that took a step last', () => {
  const { recent, labels } = recentAttempts();
  for (const label of ['a', 'b', 'c', 'a']) recent.hear(entry(label));
  assert.deepEqual(labels(), ['a', 'c', 'b']);
});

test('an attempt is forgotten when its last step is too long ago', () => {
  const { recent, labels, time } = recentAttempts();
  recent.hear(entry('a'));
  recent.hear(entry('b', { at: START + 30_000 }));
  time.now = START + 59_999;
  assert.deepEqual(labels(), ['b', 'a']);
  time.now = START + 60_000;
  assert.deepEqual(labels(), ['b']);
  assert.equal(recent.find('a'), undefined);
});

test('a new step keeps an attempt for longer', () => {
  const { recent, labels, time } = recentAttempts();
  recent.hear(entry('a'));
  recent.hear(entry('a', { at: START + 50_000 }));
  time.now = START + 100_000;
  assert.deepEqual(labels(), ['a']);
});

test('no more attempts of a flow are known than may be, and how many had to make room', () => {
  const { recent, labels } = recentAttempts();
  for (let number = 0; number < 1000; number += 1) recent.hear(entry(`flood-${number}`, { outcome: 'failure' }));
  assert.deepEqual(labels().sort(), ['flood-997', 'flood-998', 'flood-999']);
  assert.equal(recent.crowdedOut(), 997);
});

test('attempts that nobody finishes do not push out one that has come to something', () => {
  const { recent, labels } = recentAttempts();
  recent.hear(entry('failed', { outcome: 'failure' }));
  for (let number = 0; number < 1000; number += 1) recent.hear(entry(`flood-${number}`));
  assert.deepEqual(labels().sort(), ['failed', 'flood-998', 'flood-999']);
});

test('a busy flow does not push out the attempts of another', () => {
  const { recent, labels } = recentAttempts();
  recent.hear(entry('other', { flow: 'ucam' }));
  for (let number = 0; number < 1000; number += 1) recent.hear(entry(`flood-${number}`));
  assert.ok(labels().includes('other'));
  assert.equal(recent.find('other')?.flow, 'ucam');
});

test('of an attempt with many steps the first and the last are known, and how many are left out', () => {
  const { recent } = recentAttempts();
  for (let number = 0; number < 250; number += 1) recent.hear(entry('a', { event: `step.${number}` }));
  const attempt = recent.find('a');
  assert.equal(attempt?.steps.length, 100);
  assert.equal(attempt.length, 250);
  assert.deepEqual(
    [0, 19, 20, 99].map((index) => [attempt.steps[index]?.event, attempt.steps[index]?.number]),
    [
      ['step.0', 1],
      ['step.19', 20],
      ['step.170', 171],
      ['step.249', 250],
    ],
  );
});

test('what steps that are left out have come to is known all the same', () => {
  const { recent } = recentAttempts();
  for (let number = 0; number < 30; number += 1) recent.hear(entry('a', { outcome: 'progress' }));
  recent.hear(entry('a', { outcome: 'success', subject: 'pseudonym', code: 'ERR_SSO_REQUEST_EXPIRED' }));
  for (let number = 0; number < 100; number += 1) recent.hear(entry('a'));
  const { outcome, subject, code } = recent.find('a') ?? {};
  assert.deepEqual([outcome, subject, code], ['success', 'pseudonym', 'ERR_SSO_REQUEST_EXPIRED']);
});

test('what was handed out does not change when the attempt goes on', () => {
  const { recent } = recentAttempts();
  recent.hear(entry('a'));
  const before = recent.find('a');
  recent.hear(entry('a'));
  assert.equal(before?.steps.length, 1);
});

test('a login that holds has succeeded, however often its page is shown again', () => {
  const { recent } = recentAttempts();
  recent.hear(entry('a', { to: 'authenticated', outcome: 'success' }));
  recent.hear(entry('a', { from: 'authenticated', to: 'authenticated', outcome: 'waiting' }));
  assert.equal(recent.find('a')?.outcome, 'success');
});

test('a login whose grant has expired is under way again, and then waits for the browser', () => {
  const { recent } = recentAttempts();
  recent.hear(entry('a', { to: 'authenticated', outcome: 'success' }));
  recent.hear(entry('a', { from: 'authenticated', to: 'starting', outcome: 'progress' }));
  assert.equal(recent.find('a')?.outcome, 'progress');
  recent.hear(entry('a'));
  assert.equal(recent.find('a')?.outcome, 'waiting');
});

test('a login that ends is over, and one that fails has failed, with its code', () => {
  const { recent } = recentAttempts();
  recent.hear(entry('a', { to: 'authenticated', outcome: 'success' }));
  recent.hear(entry('a', { to: 'loggedOut', outcome: 'ended' }));
  recent.hear(entry('b', { to: 'failed', outcome: 'failure', code: 'ERR_SSO_TICKET_REJECTED' }));
  assert.equal(recent.find('a')?.outcome, 'ended');
  assert.equal(recent.find('b')?.outcome, 'failure');
  assert.equal(recent.find('b')?.code, 'ERR_SSO_TICKET_REJECTED');
});

test('the person of an attempt is known from whichever step knew them', () => {
  const { recent } = recentAttempts();
  recent.hear(entry('a'));
  assert.equal(recent.find('a')?.subject, null);
  recent.hear(entry('a', { subject: 'pseudonym' }));
  recent.hear(entry('a'));
  assert.equal(recent.find('a')?.subject, 'pseudonym');
});

test('whoever watches hears the label of each attempt that takes a step, until they stop', () => {
  const { recent } = recentAttempts();
  const heard: string[] = [];
  const stop = recent.watch((label) => heard.push(label));
  recent.hear(entry('a'));
  recent.hear(entry('b'));
  stop();
  recent.hear(entry('c'));
  assert.deepEqual(heard, ['a', 'b']);
});
