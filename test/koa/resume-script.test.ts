import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';
import { FORM_ID, RESUME_SCRIPT, RESUME_SCRIPT_PATH } from '../../src/koa/resume-page.ts';
import { pairFor, raw } from './support.ts';

/** Runs the script on a page, and counts how often it sends the form. */
function runScript({ form = true, type = 'navigate' }: { form?: boolean; type?: string | null } = {}) {
  const shown = readForm();
  const ready: (() => void)[] = [];
  const sent: unknown[] = [];
  runInNewContext(RESUME_SCRIPT, {
    document: {
      addEventListener: (name: string, listener: () => void) =>
        void (name === 'DOMContentLoaded' && ready.push(listener)),
      getElementById: (id: string) => (form && id === shown.id ? shown : null),
    },
    performance: { getEntriesByType: (name: string) => (name === 'navigation' && type !== null ? [{ type }] : []) },
    HTMLFormElement: {
      prototype: {
        submit(this: unknown) {
          sent.push(this);
        },
      },
    },
  });
  const before = sent.length;
  for (const listener of ready) listener();
  return { before, sent, shown };
}

/** The first form, with fields that hide its functions. */
function readForm() {
  return { id: FORM_ID, submit: 'a field', requestSubmit: 'a field' };
}

test('the script sends the form once, when the page has been read', () => {
  const { before, sent, shown } = runScript();
  assert.equal(before, 0);
  assert.deepEqual(sent, [shown]);
});

for (const type of ['back_forward', 'reload', 'prerender']) {
  test(`the script waits for the person after ${type}`, () => {
    assert.deepEqual(runScript({ type }).sent, []);
  });
}

test('the script sends the form in a browser that does not tell how the page was reached', () => {
  assert.equal(runScript({ type: null }).sent.length, 1);
});

test('the script does nothing on a page without the form', () => {
  assert.deepEqual(runScript({ form: false }).sent, []);
});

test('the script is kept for good by caches, so that a change of it must change its name', () => {
  const digest = createHash('sha256').update(RESUME_SCRIPT).digest('hex').slice(0, 16);
  assert.deepEqual([RESUME_SCRIPT_PATH, digest], ['/resume-1.js', '856703e0e789138c']);
});

test('the script is served as a script, for good', async (t) => {
  const { portal } = await pairFor(t);
  const answer = await raw(`${portal.url}/sso${RESUME_SCRIPT_PATH}`);
  assert.equal(answer.status, 200);
  assert.equal(answer.headers['content-type'], 'text/javascript; charset=utf-8');
  assert.equal(answer.headers['cache-control'], 'public, max-age=31536000, immutable');
  assert.equal(answer.headers['x-content-type-options'], 'nosniff');
  assert.equal(answer.body, RESUME_SCRIPT);
});
