import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { RequestListener } from 'node:http';
import { describe, type TestContext, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { localhostCertificate } from '../testing/localhost-certificate.ts';
import { otherHostCertificate } from './other-host-certificate.ts';
import { answering, ask, channelTo, freePort, PATH, startServer, startServerAt, TICKET } from './servers.ts';

describe('a certificate', () => {
  test('of an unknown authority is refused', async (t) => {
    const server = await startServer(t, answering('ok'), localhostCertificate);
    const outcome = await channelTo(t, server.origin).send({ url: new URL(PATH, server.origin) });
    assert.deepEqual(outcome, { kind: 'unreachable', reason: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    assert.equal(server.requests.length, 0);
  });

  test('of an authority that was configured is accepted, alone or in a list', async (t) => {
    const server = await startServer(t, answering('ok'), localhostCertificate);
    for (const ca of [localhostCertificate.cert, [otherHostCertificate.cert, localhostCertificate.cert]]) {
      const outcome = await channelTo(t, server.origin, { ca }).send({ url: new URL(PATH, server.origin) });
      assert.equal(outcome.kind, 'answer');
    }
  });

  test('for another host is refused, though its authority is trusted', async (t) => {
    const server = await startServer(t, answering('ok'), otherHostCertificate);
    const channel = channelTo(t, server.origin, { ca: otherHostCertificate.cert });
    const outcome = await channel.send({ url: new URL(PATH, server.origin) });
    assert.deepEqual(outcome, { kind: 'unreachable', reason: 'ERR_TLS_CERT_ALTNAME_INVALID' });
    assert.equal(server.requests.length, 0);
  });
});

/** Hears of every connection to a port that could not be made. */
function onConnectError(t: TestContext, port: number, hear: () => void): void {
  const listener = (message: unknown) => {
    const { connectParams } = message as { readonly connectParams: { readonly port: string } };
    if (connectParams.port === String(port)) hear();
  };
  subscribe('undici:client:connectError', listener);
  t.after(() => unsubscribe('undici:client:connectError', listener));
}

describe('a connection that cannot be made', () => {
  test('is tried twice, and the login server is unreachable then', async (t) => {
    const port = await freePort();
    let tries = 0;
    onConnectError(t, port, () => {
      tries += 1;
    });
    const origin = `http://127.0.0.1:${port}`;
    const outcome = await channelTo(t, origin).send({ url: new URL(PATH, origin) });
    assert.deepEqual([outcome, tries], [{ kind: 'unreachable', reason: 'ECONNREFUSED' }, 2]);
  });

  test('is no accident if the second try succeeds', async (t) => {
    const port = await freePort();
    let calls = 0;
    onConnectError(t, port, () => {
      void startServerAt(t, port, (_request, response) => {
        calls += 1;
        response.end('late');
      });
    });
    const origin = `http://127.0.0.1:${port}`;
    const outcome = await channelTo(t, origin).send({ url: new URL(PATH, origin) });
    assert.deepEqual([outcome.kind === 'answer' && outcome.body, calls], ['late', 1]);
  });
});

describe('a request that was written', () => {
  const drops: readonly [string, RequestListener][] = [
    ['at once', ({ socket }) => socket.destroy()],
    ['with a reset', ({ socket }) => socket.resetAndDestroy()],
    ['in the middle of the headers', ({ socket }) => socket.end('HTTP/1.1 200 OK\r\nContent-')],
    [
      'in the middle of the body',
      (_request, response) => {
        response.writeHead(200, { 'content-length': '100' });
        response.write('half', () => response.destroy());
      },
    ],
    ['with something that is not HTTP', ({ socket }) => socket.end('SSH-2.0-OpenSSH_9.2\r\n')],
  ];

  for (const [name, answer] of drops) {
    test(`is not sent again when the server drops the connection ${name}`, async (t) => {
      const { outcome, server } = await ask(t, answer);
      assert.equal(outcome.kind, 'unreachable');
      assert.equal(server.requests.length, 1);
    });

    test(`is not sent again either when that happens to a connection that was used before, ${name}`, async (t) => {
      let calls = 0;
      const { channel, outcome, server } = await ask(t, (request, response) => {
        calls += 1;
        if (calls === 1) response.end('first');
        else answer(request, response);
      });
      assert.equal(outcome.kind, 'answer');
      const second = await channel.send({ url: new URL(PATH, server.origin) });
      assert.equal(second.kind, 'unreachable');
      assert.equal(server.requests.length, 2);
    });
  }
});

describe('connections', () => {
  test('are used again by one call after the other', async (t) => {
    const { channel, server } = await ask(t, answering('ok'));
    for (let n = 0; n < 4; n += 1) {
      // A pool counts a connection as busy until the turn after its answer was read.
      await nextTurn();
      await channel.send({ url: new URL(PATH, server.origin) });
    }
    assert.deepEqual([server.requests.length, server.sockets.length], [5, 1]);
  });

  test('are ended by close', async (t) => {
    const { channel, server } = await ask(t, answering('ok'));
    const [socket] = server.sockets;
    assert.ok(socket && !socket.destroyed);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    await channel.close();
    await closed;
  });

  test('are ended by close under a call, which is an accident and not an error', async (t) => {
    const server = await startServer(t, () => {});
    const channel = channelTo(t, server.origin);
    const calling = channel.send({ url: new URL(PATH, server.origin) });
    while (server.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await channel.close();
    assert.equal((await calling).kind, 'unreachable');
    assert.equal((await channel.send({ url: new URL(PATH, server.origin) })).kind, 'unreachable');
  });
});

describe('what is told of an accident', () => {
  const accidents: readonly [string, RequestListener][] = [
    ['a dropped connection', ({ socket }) => socket.destroy()],
    ['an answer that is not HTTP', ({ socket, url }) => socket.end(`${url}\r\n`)],
    ['a header that quotes the request', ({ socket, url }) => socket.end(`HTTP/1.1 200 OK\r\nBad ${url}: x\r\n\r\n`)],
    ['an answer that is too large', (request, response) => response.end(String(request.url).repeat(10_000))],
    ['an encoding that quotes the request', ({ url }, response) => answerWith(response, 'content-encoding', url)],
    ['a character set that quotes the request', ({ url }, response) => answerWith(response, 'content-type', url)],
  ];

  const answerWith = (response: Parameters<RequestListener>[1], name: string, url: string | undefined) => {
    response.setHeader(name, name === 'content-type' ? `text/xml; charset=${TICKET}` : String(url));
    response.end('x');
  };

  for (const [name, answer] of accidents) {
    test(`has no ticket and no address in it: ${name}`, async (t) => {
      const { outcome, server } = await ask(t, answer);
      assert.notEqual(outcome.kind, 'answer');
      const text = JSON.stringify(outcome);
      for (const secret of [TICKET, 'serviceValidate', 'localhost', String(server.port)]) {
        assert.ok(!text.includes(secret), text);
      }
    });
  }

  test('is a code where a connection failed', async (t) => {
    const { outcome } = await ask(t, ({ socket }) => socket.destroy());
    assert.ok(outcome.kind === 'unreachable');
    assert.match(outcome.reason, /^[A-Z0-9_]+$/);
  });
});
