import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Asked, askLibrary } from '../../examples/demo/ask-library.ts';
import { isLibraryAnswer, type LibraryAnswer } from '../../examples/demo/library/answer.ts';
import { loansOf } from '../../examples/demo/library/loans.ts';
import { loansPage } from '../../examples/demo/pages/loans.ts';
import type { Sso } from '../../src/index.ts';
import { freePort } from './example.ts';

const addresses = { callback: 'https://localhost:1/sso/proxy-callback', library: 'http://localhost:2/loans' };
const answer: LibraryAnswer = {
  reader: { id: '<i>alice</i>', issuer: 'http://localhost:3/cas' },
  proxies: ['https://b.example/cb', 'https://a.example/cb'],
  loans: [{ title: 'Logic & <b>Algebra</b>', author: 'G. Boole', due: '2026-02-28' }],
};

/** Asks, where every call is answered by `respond` or goes over the network. */
function ask(respond?: () => Response, address = addresses.library): Promise<Asked> {
  const call = async (url: string | URL, init?: RequestInit) => (respond ? respond() : fetch(url, init));
  return askLibrary({ fetch: call } as Partial<Sso> as Sso, address);
}

test('an answer is looked at before it is shown', async () => {
  assert.deepEqual(await ask(() => Response.json(answer)), { kind: 'answered', answer });
  const odd: readonly unknown[] = [
    null,
    [],
    'text',
    { ...answer, reader: 'alice' },
    { ...answer, reader: { id: 7, issuer: '' } },
    { ...answer, proxies: 'https://b.example/cb' },
    { ...answer, proxies: [7] },
    { ...answer, loans: {} },
    { ...answer, loans: [{ title: 'Logic', author: 'G. Boole', due: 'soon' }] },
    { ...answer, loans: [{ title: 'Logic', due: '2026-02-28' }] },
  ];
  for (const value of odd) {
    assert.equal(isLibraryAnswer(value), false, JSON.stringify(value));
    assert.deepEqual(await ask(() => Response.json(value)), { kind: 'failed', stage: 'answer', code: 'HTTP 200' });
  }
});

test('what the library says against a call is taken over, and no more than a code', async () => {
  const refusal = (body: unknown, status: number) => ask(() => Response.json(body, { status }));
  const failed = { kind: 'failed', stage: 'answer' };
  assert.deepEqual(await refusal({ error: { code: 'ERR_SSO_PROXY_CHAIN', message: '…' } }, 401), {
    ...failed,
    code: 'ERR_SSO_PROXY_CHAIN',
  });
  assert.deepEqual(await refusal({ error: { code: 7 } }, 500), { ...failed, code: 'HTTP 500' });
  assert.deepEqual(await ask(() => new Response('<html>', { status: 502 })), { ...failed, code: 'HTTP 502' });
});

test('a library that is not there is told from one that refuses', async () => {
  const asked = await ask(undefined, `http://127.0.0.1:${await freePort()}/loans`);
  assert.deepEqual(asked, { kind: 'failed', stage: 'call', code: 'ECONNREFUSED' });
  const page = loansPage(addresses, asked).source;
  assert.match(page, /The library cannot be reached/);
  assert.match(page, /<code>ECONNREFUSED<\/code>/);
});

test('the page shows a chain in its order, and escapes what came from elsewhere', () => {
  const { source } = loansPage(addresses, { kind: 'answered', answer });
  assert.match(source, /<ol><li><code>https:\/\/b\.example\/<wbr>cb<\/code><\/li><li><code>https:\/\/a\.example\//);
  assert.match(source, /<cite>Logic &#38; &#60;b&#62;Algebra&#60;\/b&#62;<\/cite>/);
  assert.match(source, /<time datetime="2026-02-28">28 Feb 2026<\/time>/);
  assert.doesNotMatch(source, /<i>|<b>/);
});

test('a person has the same loans whenever one looks, the most urgent first', () => {
  const now = Date.parse('2026-02-01T12:00:00Z');
  const bob = { id: 'bob', attributes: { eduPersonAffiliation: ['staff'] } };
  const loans = loansOf(bob, now);
  assert.deepEqual(loansOf(bob, now + 60_000), loans);
  const days = loans.map(({ due }) => due);
  assert.equal(days.length, 3);
  assert.deepEqual(days, [...days].sort());
  assert.ok(
    days.every((day) => day > '2026-02-01' && day <= '2026-03-29'),
    days.join(),
  );
});
