import assert from 'node:assert/strict';
import { type ClientRequest, createServer, get, type IncomingMessage } from 'node:http';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import Koa from 'koa';
import { createLiveView, type LiveViewOptions } from '../../src/viewer/live-view.ts';
import { createRecentAttempts } from '../../src/viewer/recent-attempts.ts';
import { listen, logIn } from '../support/portal.ts';
import { latestAttempt, viewedPair } from './viewer-support.ts';

interface Stream {
  readonly answer: IncomingMessage;
  readonly request: ClientRequest;
  text(): string;
  /** Waits until so many events have come. */
  events(number: number): Promise<void>;
  readonly ended: Promise<void>;
}

async function openStream(t: TestContext, url: string): Promise<Stream> {
  const { answer, request } = await new Promise<Pick<Stream, 'answer' | 'request'>>((resolve, reject) => {
    const request = get(url, { agent: false, headers: { accept: 'text/event-stream' } }, (answer) =>
      resolve({ answer, request }),
    );
    request.on('error', reject);
  });
  t.after(() => request.destroy());
  let text = '';
  answer.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  answer.on('error', () => {});
  const ended = new Promise<void>((resolve) => answer.once('close', resolve));
  const events = async (number: number) => {
    while ((text.match(/^data: \d+$/gm) ?? []).length < number) await delay(10);
  };
  return { answer, request, text: () => text, events, ended };
}

test('a page hears of a step when it happens, and of nothing that is in it', async (t) => {
  const { url, fakeCas, browser } = await viewedPair(t);
  const stream = await openStream(t, `${url}/events`);
  assert.equal(stream.answer.statusCode, 200);
  assert.equal(stream.answer.headers['content-type'], 'text/event-stream');
  assert.match(stream.answer.headers['cache-control'] ?? '', /no-store, no-transform/);
  await logIn(browser(), new URL('/start', url).href, fakeCas);
  await stream.events(1);
  assert.match(stream.text(), /^retry: \d+\n\n(data: \d+\n\n)+$/);
});

test('the page of one attempt hears of that one only', async (t) => {
  const { url, browser, auditor, fakeCas } = await viewedPair(t);
  const visitor = browser();
  const away = await visitor.get(new URL('/start', url));
  const page = await latestAttempt(auditor, url);
  const stream = await openStream(t, `${url}/events?attempt=${page.url.pathname.split('/').at(-1)}`);
  const all = await openStream(t, `${url}/events`);
  await logIn(browser(), new URL('/start', url).href, fakeCas, 'bob');
  await all.events(1);
  assert.doesNotMatch(stream.text(), /data:/);
  const form = await away.settle();
  const [login] = form.forms;
  assert.ok(login);
  await (
    await form.submit(login, {
      username: 'alice',
      password: fakeCas.users.find(({ name }) => name === 'alice')?.password ?? '',
    })
  ).settle();
  await stream.events(1);
});

/** The live view alone, on a server of its own. */
async function bareView(t: TestContext, options: LiveViewOptions) {
  const recent = createRecentAttempts({ clock: Date.now, keepMs: 60_000, maxAttempts: 10 });
  const live = createLiveView(recent, options);
  const app = new Koa();
  const errors: unknown[] = [];
  app.on('error', (error) => errors.push(error));
  app.use((ctx) => live.serve(ctx));
  const server = createServer(app.callback());
  const url = await listen(server);
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const step = (attempt: string) =>
    recent.hear({
      flow: 'cas',
      attempt,
      at: Date.now(),
      from: null,
      event: 'begin',
      guard: null,
      to: 'starting',
      code: null,
      effects: [],
      outcome: 'progress',
      done: false,
      subject: null,
    });
  return { live, url, errors, step };
}

test('many steps at once are one event', async (t) => {
  const { url, step } = await bareView(t, {});
  const stream = await openStream(t, url);
  for (let number = 0; number < 1000; number += 1) step(`a${number}`);
  await stream.events(1);
  step('later');
  await stream.events(2);
  assert.deepEqual(stream.text().match(/^data: .*$/gm), ['data: 1', 'data: 2']);
});

test('a stream ends after its time, so that the browser comes back and is asked who it is again', async (t) => {
  const { url } = await bareView(t, { streamMs: 50 });
  const stream = await openStream(t, url);
  await stream.ended;
  assert.match(stream.text(), /^retry: \d+\n\n$/);
});

test('more streams than are allowed get 503, and room is made when one ends', async (t) => {
  const { url, errors } = await bareView(t, { maxStreams: 1 });
  const first = await openStream(t, url);
  const second = await openStream(t, url);
  assert.equal(second.answer.statusCode, 503);
  assert.ok(Number(second.answer.headers['retry-after']) > 0);
  first.request.destroy();
  for (let status = 503; status !== 200; ) {
    await delay(20);
    const next = await openStream(t, url);
    status = next.answer.statusCode ?? 0;
  }
  assert.deepEqual(errors, []);
});

test('a HEAD takes no room', async (t) => {
  const { url } = await bareView(t, { maxStreams: 1 });
  assert.equal((await fetch(url, { method: 'HEAD' })).status, 200);
  assert.equal((await openStream(t, url)).answer.statusCode, 200);
});

test('closing ends what is open', async (t) => {
  const { url, live } = await bareView(t, {});
  const stream = await openStream(t, url);
  live.close();
  await stream.ended;
});

test('once it is closed no stream begins', async (t) => {
  const { url, live } = await bareView(t, {});
  live.close();
  assert.equal((await openStream(t, url)).answer.statusCode, 503);
});

test('the plugin ends the streams when it is closed, so that its server can close', async (t) => {
  const { url, portal } = await viewedPair(t);
  const stream = await openStream(t, `${url}/events`);
  await portal.sso.close();
  await stream.ended;
});
