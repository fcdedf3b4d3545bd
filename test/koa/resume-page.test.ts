import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { cas } from '../../src/index.ts';
import {
  FORM_ID,
  RESUME_SCRIPT_PATH,
  type ResumePage,
  sendResumePage,
  TOKEN_FIELD,
} from '../../src/koa/resume-page.ts';
import { resolveOptions } from '../../src/options.ts';
import { decodeEntities, readForms } from '../support/html-form.ts';
import { TEST_SECRET } from '../support/portal.ts';
import { appFor } from './body-support.ts';
import { NAVIGATION, raw } from './support.ts';

const NOW = Date.UTC(2026, 0, 15, 10, 36, 30);

const options = resolveOptions({
  baseUrl: 'https://portal.example.edu/app',
  secrets: [TEST_SECRET],
  login: cas({ serverUrl: 'https://login.example.edu/cas' }),
  clock: () => NOW,
});

const PAGE: ResumePage = {
  action: '/app/grades?term=2',
  token: 'token-of-a-test',
  origin: 'https://portal.example.edu',
  method: 'POST',
  savedAt: NOW - 4 * 60_000,
  size: 14_200,
  person: 'alice',
  confirm: false,
  discardPath: '/app/sso/discard',
};

const POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

async function pageFor(t: TestContext, changes: Partial<ResumePage> = {}) {
  const { url } = await appFor(t, (ctx) => sendResumePage(ctx, options, { ...PAGE, ...changes }));
  const answer = await raw(url, { headers: NAVIGATION });
  return { ...answer, forms: readForms(answer.body, new URL('https://portal.example.edu/app/sso/resume')) };
}

/** The details of a page, by label. */
function factsOf(body: string): Record<string, string> {
  const rows = [...body.matchAll(/<dt>(.*?)<\/dt><dd>(.*?)<\/dd>/g)];
  return Object.fromEntries(rows.map(([, label = '', value = '']) => [label, decodeEntities(value)]));
}

const textOf = (body: string) => decodeEntities(body.replace(/<[^>]*>/g, ' ')).replace(/\s+/g, ' ');

describe('the page that goes on by itself', () => {
  test('is a page of its own, and no failure', async (t) => {
    const { status, body } = await pageFor(t);
    assert.equal(status, 200);
    assert.match(body, /<html lang="en">/);
    assert.match(body, /<h1>You are signed in again<\/h1>/);
  });

  test('has a button that posts the token to the address, with or without a script', async (t) => {
    const { forms, body } = await pageFor(t);
    assert.equal(forms[0]?.method, 'POST');
    assert.equal(forms[0]?.action.href, 'https://portal.example.edu/app/grades?term=2');
    assert.deepEqual(forms[0]?.fields, { [TOKEN_FIELD]: 'token-of-a-test' });
    assert.match(body, /<button class="primary" type="submit">Send it now<\/button><\/form>/);
  });

  test('has a second button that posts the same token to be erased', async (t) => {
    const { forms, body } = await pageFor(t);
    assert.equal(forms.length, 2);
    assert.equal(forms[1]?.method, 'POST');
    assert.equal(forms[1]?.action.pathname, '/app/sso/discard');
    assert.deepEqual(forms[1]?.fields, { [TOKEN_FIELD]: 'token-of-a-test' });
    assert.match(body, /<button class="secondary" type="submit">Do not send it<\/button><\/form>/);
  });

  test('allows the script of this site and nothing more', async (t) => {
    const { headers } = await pageFor(t);
    assert.equal(
      headers['content-security-policy'],
      POLICY.replace("style-src 'self'; ", "style-src 'self'; script-src 'self'; "),
    );
  });

  test('has one script, which is a file below the route prefix', async (t) => {
    const { body } = await pageFor(t);
    const scripts = [...body.matchAll(/<script\b.*?<\/script>/gs)].map(([whole]) => whole);
    assert.deepEqual(scripts, [`<script src="/app/sso${RESUME_SCRIPT_PATH}" defer></script>`]);
  });

  test('marks the form to send, and no other', async (t) => {
    const { forms } = await pageFor(t);
    assert.deepEqual(
      forms.map(({ id }) => id),
      [FORM_ID, undefined],
    );
  });

  test('is not kept by a cache', async (t) => {
    assert.equal((await pageFor(t)).headers['cache-control'], 'no-store');
  });

  test('lets the browser name its origin, which `no-referrer` would turn into null', async (t) => {
    assert.equal((await pageFor(t)).headers['referrer-policy'], 'same-origin');
  });

  test('says what goes on to those who listen', async (t) => {
    const { body } = await pageFor(t);
    assert.match(body, /<p role="status">What you sent 4 minutes ago was kept while you signed in/);
    assert.equal(body.split('role="status"').length, 2);
  });

  test('says what is sent', async (t) => {
    assert.deepEqual(factsOf((await pageFor(t)).body), {
      Site: 'portal.example.edu',
      Action: 'POST /app/grades?term=2',
      Sent: '4 minutes ago, 10:32 UTC',
      Size: '14 kB',
      'Signed in as': 'alice',
    });
  });
});

describe('the page that asks first', () => {
  test('asks', async (t) => {
    const { status, body } = await pageFor(t, { confirm: true });
    assert.equal(status, 200);
    assert.match(body, /<h1>Do you want to send this\?<\/h1>/);
    assert.match(textOf(body), /Nothing has been done with it yet/);
  });

  test('has no script, and allows none', async (t) => {
    const { headers, body } = await pageFor(t, { confirm: true });
    assert.doesNotMatch(body, /<script/);
    assert.equal(headers['content-security-policy'], POLICY);
  });

  test('names the site, the action and the person', async (t) => {
    const { body } = await pageFor(t, { confirm: true, method: 'PUT' });
    assert.deepEqual(factsOf(body), {
      Site: 'portal.example.edu',
      Action: 'PUT /app/grades?term=2',
      Sent: '4 minutes ago, 10:32 UTC',
      Size: '14 kB',
      'Signed in as': 'alice',
    });
  });

  test('has a button for either answer', async (t) => {
    const { forms, body } = await pageFor(t, { confirm: true });
    assert.deepEqual(
      forms.map(({ action, fields }) => [action.pathname, fields]),
      [
        ['/app/grades', { [TOKEN_FIELD]: 'token-of-a-test' }],
        ['/app/sso/discard', { [TOKEN_FIELD]: 'token-of-a-test' }],
      ],
    );
    assert.match(body, />Send it<\/button>.*>Do not send it<\/button>/s);
  });

  test('does not claim that anything is being sent', async (t) => {
    const { body } = await pageFor(t, { confirm: true });
    assert.doesNotMatch(body, /being sent|role="status"/);
  });
});

describe('markup of a stranger stays text', () => {
  const HOSTILE = `"'><script>alert(1)</script>&amp;<img src=x onerror=alert(1)>`;
  for (const confirm of [false, true]) {
    for (const [name, changes] of [
      ['in the address', { action: `/app/${HOSTILE}` }],
      ['in the token', { token: HOSTILE }],
      ['in the name', { person: HOSTILE }],
      ['in the method', { method: HOSTILE }],
      ['in the address to erase it', { discardPath: `/app/${HOSTILE}` }],
    ] as const) {
      test(`${name}, ${confirm ? 'where the page asks' : 'where it goes on by itself'}`, async (t) => {
        const plain = await pageFor(t, { confirm });
        const { body } = await pageFor(t, { confirm, ...changes });
        const tagsOf = (text: string) => [...text.matchAll(/<[/!a-z]+/gi)].map(([tag]) => tag);
        assert.deepEqual(tagsOf(body), tagsOf(plain.body));
        assert.doesNotMatch(body, /"'>/);
      });
    }
  }

  test('and arrives as it was', async (t) => {
    const { forms, body } = await pageFor(t, { token: HOSTILE, person: HOSTILE });
    assert.equal(forms[0]?.fields[TOKEN_FIELD], HOSTILE);
    assert.equal(factsOf(body)['Signed in as'], HOSTILE);
  });
});

for (const action of ['//evil.example/steal', '/\\evil.example/steal']) {
  test(`the form stays on this site where the path is ${action}`, async (t) => {
    const { forms } = await pageFor(t, { action });
    assert.equal(forms[0]?.action.origin, 'https://portal.example.edu');
  });
}

describe('the age of a request', () => {
  for (const [ms, expected] of [
    [-5000, 'less than a minute ago'],
    [59_999, 'less than a minute ago'],
    [60_000, 'a minute ago'],
    [119_999, 'a minute ago'],
    [120_000, '2 minutes ago'],
    [119 * 60_000, '119 minutes ago'],
    [120 * 60_000, '2 hours ago'],
  ] as const) {
    test(`${ms} ms is ${expected}`, async (t) => {
      const { Sent } = factsOf((await pageFor(t, { savedAt: NOW - ms })).body);
      assert.equal(Sent?.split(', ')[0], expected);
    });
  }
});

describe('the size of a request', () => {
  for (const [size, expected] of [
    [0, '0 bytes'],
    [1, '1 byte'],
    [999, '999 bytes'],
    [1000, '1 kB'],
    [999_499, '999 kB'],
    [999_500, '1.0 MB'],
    [2_340_000, '2.3 MB'],
  ] as const) {
    test(`${size} is ${expected}`, async (t) => {
      assert.equal(factsOf((await pageFor(t, { size })).body).Size, expected);
    });
  }
});
