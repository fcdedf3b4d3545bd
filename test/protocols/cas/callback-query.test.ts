import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { readCallback } from '../../../src/protocols/cas/callback-query.ts';
import { grantIsGone } from '../../../src/protocols/cas/proxy-response.ts';
import { proxyUrl } from '../../../src/protocols/cas/proxy-url.ts';

function malformed(query: string, reason?: RegExp): void {
  const reading = readCallback(query);
  assert.equal(reading.kind, 'malformed', query);
  if (reason && reading.kind === 'malformed') assert.match(reading.reason, reason);
}

const delivery = { kind: 'delivery', pgtIou: 'PGTIOU-1-a', pgtId: 'PGT-1-b' } as const;

describe('a call to the proxy callback', () => {
  test('without the two parameters is a probe', () => {
    for (const query of ['', 'x=1', 'PGTIOU=a&pgtid=b', 'pgt=PGT-1', '&&']) {
      assert.deepEqual(readCallback(query), { kind: 'probe' });
    }
  });

  test('delivers in either order, beside parameters of the callback address', () => {
    assert.deepEqual(readCallback('pgtIou=PGTIOU-1-a&pgtId=PGT-1-b'), delivery);
    assert.deepEqual(readCallback('site=7&pgtId=PGT-1-b&ticket=ST-1&pgtIou=PGTIOU-1-a&x=%zz'), delivery);
  });

  test('may deliver an old TGT, and tickets with every character that servers use', () => {
    assert.deepEqual(readCallback('pgtIou=PGTIOU-84678-8a9d...&pgtId=TGT-4844-9.a_b=c~d-50'), {
      kind: 'delivery',
      pgtIou: 'PGTIOU-84678-8a9d...',
      pgtId: 'TGT-4844-9.a_b=c~d-50',
    });
  });

  test('may deliver tickets without the prefixes, which are no MUST', () => {
    assert.equal(readCallback('pgtId=fake-pgtId&pgtIou=fake-pgtIou').kind, 'delivery');
  });

  test('is decoded, once', () => {
    assert.deepEqual(readCallback('pgtIou=PGTIOU%2D1-a&pgt%49d=PGT-1%2db'), delivery);
    malformed('pgtIou=PGTIOU%252D1-a&pgtId=PGT-1-b', /pgtIou is not/);
  });

  test('with one of the two only delivers nothing, and is answered like a probe', () => {
    assert.deepEqual(readCallback('pgtId=PGT-1-b'), { kind: 'probe' });
    assert.deepEqual(readCallback('pgtIou=PGTIOU-1-a'), { kind: 'probe' });
  });

  test('with one of the two given twice is malformed, even if both are the same or spelt differently', () => {
    malformed('pgtIou=PGTIOU-1-a&pgtId=PGT-1-b&pgtId=PGT-1-c', /twice/);
    malformed('pgtIou=PGTIOU-1-a&pgtIou=PGTIOU-1-a&pgtId=PGT-1-b', /twice/);
    malformed('pgtIou=PGTIOU-1-a&pgtId=PGT-1-b&pgt%49d=PGT-1-c', /twice/);
  });

  test('with an empty ticket is malformed', () => {
    malformed('pgtIou=&pgtId=PGT-1-b', /pgtIou/);
    malformed('pgtIou=PGTIOU-1-a&pgtId', /pgtId/);
  });

  test('with markup, a path, white space or a control character is malformed', () => {
    for (const bad of [
      '%3Cscript%3E',
      '..%2Fetc',
      'a%5Cb',
      'a+b',
      'a%20b',
      'a%00',
      'a%0A',
      'a%0D%0A',
      'a:b',
      '%C3%A9',
      'a%zz',
      '"',
    ]) {
      malformed(`pgtIou=PGTIOU-1-${bad}&pgtId=PGT-1-b`, /pgtIou/);
      malformed(`pgtIou=PGTIOU-1-a&pgtId=PGT-1-${bad}`, /pgtId/);
    }
  });

  test('may deliver 1024 characters and no more', () => {
    assert.equal(readCallback(`pgtIou=${'a'.repeat(1024)}&pgtId=${'b'.repeat(1024)}`).kind, 'delivery');
    malformed(`pgtIou=${'a'.repeat(1025)}&pgtId=b`, /pgtIou/);
    malformed(`pgtIou=a&pgtId=${'b'.repeat(1025)}`, /pgtId/);
  });
});

test('whatever is delivered is harmless, and a reason never repeats the call', () => {
  const value = fc.oneof(fc.string(), fc.stringMatching(/^[A-Za-z0-9._=~<>"'&%/-]{0,20}$/));
  fc.assert(
    fc.property(value, value, (iou, id) => {
      const reading = readCallback(`pgtIou=${iou}&pgtId=${id}`);
      if (reading.kind === 'delivery') assert.match(`${reading.pgtIou}${reading.pgtId}`, /^[A-Za-z0-9._=~-]+$/);
      else if (reading.kind === 'malformed') assert.match(reading.reason, /^[A-Za-z ]+$/);
    }),
  );
});

test('every well-formed pair is delivered as it was sent', () => {
  const ticket = fc.stringMatching(/^[A-Za-z0-9._=~-]{1,64}$/);
  fc.assert(
    fc.property(ticket, ticket, (pgtIou, pgtId) => {
      const query = `pgtIou=${encodeURIComponent(pgtIou)}&pgtId=${encodeURIComponent(pgtId)}`;
      assert.deepEqual(readCallback(query), { kind: 'delivery', pgtIou, pgtId });
    }),
  );
});

describe('what became of a delivered ticket', () => {
  test('it is gone after the two codes that say so', () => {
    assert.deepEqual(['INVALID_TICKET', 'BAD_PGT'].map(grantIsGone), [true, true]);
  });

  test('it is not gone after any other failure, which a new login would only meet again', () => {
    for (const code of [
      'UNAUTHORIZED_SERVICE',
      'INVALID_REQUEST',
      'INTERNAL_ERROR',
      'invalid_ticket',
      'constructor',
      '',
    ]) {
      assert.equal(grantIsGone(code), false, code);
    }
  });

  test('it is used with a target to the letter, behind the query that the endpoint has', () => {
    assert.equal(
      proxyUrl('https://user:pass@cas.example.edu/cas/proxy?realm=a#x', {
        pgt: 'PGT-1',
        targetService: 'imap://b/?q=\u00e5 +&c#d',
      }),
      'https://cas.example.edu/cas/proxy?realm=a&pgt=PGT-1&targetService=imap%3A%2F%2Fb%2F%3Fq%3D%C3%A5%20%2B%26c%23d',
    );
  });

  test('it cannot bring parameters of its own', () => {
    const url = proxyUrl('https://cas.example.edu/cas/proxy', {
      pgt: 'PGT-1&targetService=https://evil',
      targetService: 'https://b',
    });
    assert.deepEqual(new URL(url).searchParams.getAll('targetService'), ['https://b']);
  });
});
