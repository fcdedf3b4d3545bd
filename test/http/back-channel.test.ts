import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { answering, ask, channelTo, PATH, startServer } from './servers.ts';

describe('an answer', () => {
  test('is given with its status, type and text', async (t) => {
    const { outcome } = await ask(t, answering('<ok/>', { 'content-type': 'application/xml' }));
    assert.deepEqual(outcome, { kind: 'answer', status: 200, contentType: 'application/xml', body: '<ok/>' });
  });

  test('is given whatever its status', async (t) => {
    const { outcome } = await ask(t, answering('no', {}, 503));
    assert.deepEqual(outcome, { kind: 'answer', status: 503, contentType: '', body: 'no' });
  });

  test('that redirects is not followed', async (t) => {
    const elsewhere = await startServer(t, answering('elsewhere'));
    const { outcome } = await ask(t, answering('', { location: elsewhere.origin + PATH }, 302));
    assert.equal(outcome.kind === 'answer' && outcome.status, 302);
    assert.equal(elsewhere.requests.length, 0);
  });

  test('to a POST follows a body and headers that arrive as they were', async (t) => {
    let received = '';
    const server = await startServer(t, (request, response) => {
      request.setEncoding('utf8').on('data', (chunk: string) => {
        received += chunk;
      });
      request.on('end', () => response.end('read'));
    });
    const outcome = await channelTo(t, server.origin).send({
      url: new URL('/samlValidate?TARGET=a%20b', server.origin),
      method: 'POST',
      headers: { 'content-type': 'text/xml', soapaction: 'x' },
      body: '<é/>',
    });
    assert.equal(outcome.kind, 'answer');
    const [request] = server.requests;
    assert.deepEqual(
      [request?.method, request?.url, request?.headers['content-type'], request?.headers.soapaction, received],
      ['POST', '/samlValidate?TARGET=a%20b', 'text/xml', 'x', '<é/>'],
    );
  });
});

describe('an answer that cannot be read', () => {
  test('is one that is compressed, though identity was asked for', async (t) => {
    const { outcome, server } = await ask(t, answering(gzipSync('<ok/>'), { 'content-encoding': 'gzip' }));
    assert.equal(server.requests[0]?.headers['accept-encoding'], 'identity');
    assert.equal(outcome.kind, 'unreadable');
  });

  test('is one that is compressed twice over', async (t) => {
    const { outcome } = await ask(t, answering('x', { 'content-encoding': 'identity, gzip' }));
    assert.equal(outcome.kind, 'unreadable');
  });

  test('is one that is not the UTF-8 it claims or is taken for', async (t) => {
    for (const contentType of ['text/xml', 'text/xml; charset=UTF-8']) {
      const { outcome } = await ask(t, answering(Buffer.from([0x61, 0xff]), { 'content-type': contentType }));
      assert.equal(outcome.kind, 'unreadable', contentType);
    }
  });

  test('is one in a character set that nobody knows', async (t) => {
    for (const charset of ['utf-7', 'klingon']) {
      const { outcome } = await ask(t, answering('a', { 'content-type': `text/xml; charset=${charset}` }));
      assert.equal(outcome.kind, 'unreadable', charset);
    }
  });

  test('is not one in latin-1 that says so, quoted or not', async (t) => {
    for (const charset of ['ISO-8859-1', '"iso-8859-1"']) {
      const latin = Buffer.from('André', 'latin1');
      const { outcome } = await ask(t, answering(latin, { 'content-type': `text/xml;charset=${charset}` }));
      assert.equal(outcome.kind === 'answer' && outcome.body, 'André', charset);
    }
  });
});

describe('an answer without end', () => {
  const CHUNK = Buffer.alloc(65_536, 'a');
  const TOTAL = 50 * 1024 * 1024;

  /** Writes as fast as the other side reads, and counts. */
  function flood(headers: Record<string, string>) {
    const flooding = { written: 0, ended: Promise.resolve() };
    const listener: RequestListener = (_request, response) => {
      flooding.ended = new Promise((resolve) => response.once('close', resolve));
      response.writeHead(200, headers);
      const write = () => {
        while (flooding.written < TOTAL && !response.destroyed) {
          flooding.written += CHUNK.length;
          if (!response.write(CHUNK)) {
            response.once('drain', write);
            return;
          }
        }
        response.end();
      };
      write();
    };
    return { flooding, listener };
  }

  for (const [name, headers] of [
    ['in chunks', {}],
    ['of a length that it tells', { 'content-length': String(TOTAL) }],
  ] as const) {
    test(`is cut off, ${name}: the server cannot write it to its end`, async (t) => {
      const { flooding, listener } = flood(headers);
      const { outcome, server } = await ask(t, listener);
      assert.equal(outcome.kind, 'unreadable');
      await flooding.ended;
      // What the buffers of two sockets hold, far below the whole.
      assert.ok(flooding.written < TOTAL / 4, `${flooding.written} bytes were written`);
      assert.equal(server.requests.length, 1);
    });
  }

  test('is read if it is exactly as large as it may be, and not if it is larger', async (t) => {
    const { outcome: largest } = await ask(t, answering('a'.repeat(1000)), { maxBytes: 1000 });
    const { outcome: larger } = await ask(t, answering('a'.repeat(1001)), { maxBytes: 1000 });
    assert.deepEqual([largest.kind, larger.kind], ['answer', 'unreadable']);
  });
});

describe('the deadline', () => {
  /** Writes one byte after the other until the other side has enough. */
  const trickle = (write: (text: string) => void, isOver: () => boolean) => {
    const timer = setInterval(() => (isOver() ? clearInterval(timer) : write('a')), 20);
  };

  test('ends a call whose headers do not come', async (t) => {
    const { outcome, server } = await ask(t, () => {}, { deadlineMs: 200 });
    assert.deepEqual(outcome, { kind: 'timedOut' });
    assert.equal(server.requests.length, 1);
  });

  test('ends a call whose headers come letter by letter', async (t) => {
    const { outcome } = await ask(
      t,
      ({ socket }) => {
        socket.write('HTTP/1.1 200 OK\r\nX-Slow: ');
        trickle(
          (text) => socket.write(text),
          () => socket.destroyed,
        );
      },
      { deadlineMs: 200 },
    );
    assert.deepEqual(outcome, { kind: 'timedOut' });
  });

  test('ends a call whose body comes letter by letter, since it counts for the whole', async (t) => {
    const { outcome } = await ask(
      t,
      (_request, response) => {
        response.writeHead(200);
        trickle(
          (text) => response.write(text),
          () => response.destroyed,
        );
      },
      { deadlineMs: 200 },
    );
    assert.deepEqual(outcome, { kind: 'timedOut' });
  });

  test('leaves the channel fit for the next call', async (t) => {
    let calls = 0;
    const { channel, outcome, server } = await ask(
      t,
      (_request, response) => {
        calls += 1;
        if (calls > 1) response.end('now');
      },
      { deadlineMs: 200 },
    );
    assert.equal(outcome.kind, 'timedOut');
    const next = await channel.send({ url: new URL(PATH, server.origin) });
    assert.equal(next.kind === 'answer' && next.body, 'now');
  });
});
