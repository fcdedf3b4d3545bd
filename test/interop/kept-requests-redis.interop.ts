import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createServer, request } from 'node:http';
import { type AddressInfo, createServer as createSocketServer } from 'node:net';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { type FakeCas, startFakeCas } from '../../src/testing/index.ts';
import { type Browser, createBrowser, type Page } from '../support/browser.ts';
import { listen, logIn, marker, TEST_SECRET } from '../support/portal.ts';
import { type RunningProcess, startProcess, temporaryDirectory } from './support/processes.ts';
import { type Redis, startRedis } from './support/redis.ts';

interface Node {
  readonly port: number;
  readonly running: RunningProcess;
}

const repository = new URL('../..', import.meta.url).pathname;
const logs = temporaryDirectory('kept-requests');
const browsers: Browser[] = [];
/** In front of both processes; leads to one of them, or to each in turn. */
const front = createServer();
let url: string;
let redis: Redis;
let fakeCas: FakeCas;
let nodes: readonly [Node, Node];
let serving: readonly Node[] = [];
let turn = 0;

before(async () => {
  redis = await startRedis();
  fakeCas = await startFakeCas({ callbackStyle: 'one-call' });
  url = await listen(front);
  front.on('request', (incoming, outgoing) => {
    turn += 1;
    const { port = 0 } = serving[turn % serving.length] ?? {};
    const { method, url: path, headers } = incoming;
    const onward = request({ host: '127.0.0.1', port, method, path, headers, agent: false }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  });
  nodes = [await startNode('first'), await startNode('second')];
});

after(async () => {
  await Promise.all(browsers.map((browser) => browser.close()));
  front.closeAllConnections();
  front.close();
  for (const { running } of nodes ?? []) await running.stop();
  await fakeCas?.close();
  await redis?.close();
  logs.remove();
});

afterEach(() => {
  serving = [];
});

async function startNode(name: string): Promise<Node> {
  const port = await freePort();
  const running = startProcess(process.execPath, ['--import', 'tsx', 'test/interop/support/kept-requests-app.ts'], {
    cwd: repository,
    env: {
      PATH: process.env.PATH ?? '',
      PORT: `${port}`,
      BASE_URL: url,
      CAS_URL: fakeCas.url,
      REDIS_SOCKET: redis.socket,
      SECRET: TEST_SECRET,
    },
    logFile: join(logs.path, `${name}.log`),
  });
  await running.until(() => (running.output().includes('READY') ? true : undefined));
  return { port, running };
}

async function freePort(): Promise<number> {
  const server = createSocketServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** What the handlers of a process have run since the beginning. */
function ran({ running }: Node): readonly string[] {
  return running.output().match(/^RAN .*$/gm) ?? [];
}

interface Sent {
  readonly text: string;
  readonly page: Page;
  /** The line that a process writes which runs it. */
  readonly line: string;
}

/** Signs somebody in on the first process, and sends a form there that a login interrupts. */
async function sendTo(path: '/form' | '/file', text = `grade=${marker()}`): Promise<Sent> {
  serving = [nodes[0]];
  const browser = createBrowser();
  browsers.push(browser);
  assert.equal((await logIn(browser, `${url}/form`, fakeCas)).status, 200);
  if (path === '/file') fakeCas.expireGrants();
  else browser.cookies.clear(/sso-session/);
  const bytes = Buffer.from(text);
  const body = { bytes, type: 'application/x-www-form-urlencoded' };
  const address = `${path}?${marker()}`;
  const sent = await browser.send(url + address, body, { from: `${url}/form` });
  const page = await sent.settle();
  assert.match(page.url.pathname, /^\/sso\/resume\//, `${page.url} ${page.body}`);
  return { text, page, line: `RAN ${address} ${createHash('sha256').update(bytes).digest('hex')}` };
}

function press(page: Page): Promise<Page> {
  const [form] = page.forms;
  assert.ok(form, page.body);
  return page.submit(form);
}

for (const path of ['/form', '/file'] as const) {
  test(`PP28 ${path}: a form that one process kept is run by the other, byte for byte`, async () => {
    const { page, line } = await sendTo(path);
    serving = [nodes[1]];
    const done = await press(page);
    assert.equal(done.status, 200, done.body);
    assert.deepEqual(
      nodes.map((node) => ran(node).filter((one) => one === line).length),
      [0, 1],
    );
  });

  test(`PP28 ${path}: of clicks that both processes get at once, one runs the form`, async () => {
    const { page, line } = await sendTo(path);
    serving = nodes;
    const statuses = (await Promise.all(Array.from({ length: 10 }, () => press(page)))).map(({ status }) => status);
    assert.deepEqual(statuses.sort(), [200, ...Array(9).fill(409)]);
    assert.equal(nodes.flatMap(ran).filter((one) => one === line).length, 1);
  });
}

test('PP12 PP28 what lies in Redis says nothing of a form that waits', async () => {
  const secret = marker();
  const { page } = await sendTo('/form', `grade=${secret}&${secret}=1`);
  const dump = redis.dump();
  assert.ok(dump.includes('request:'), 'nothing is kept, so the rest means nothing');
  const needles = [secret, ...[0, 1, 2].map((shift) => inBase64(secret, shift)), Buffer.from(secret).toString('hex')];
  for (const needle of needles) assert.equal(dump.indexOf(needle), -1, needle);
  assert.equal((await press(page)).status, 200);
});

test('PP26 PP28 neither process has written a form into its log', async () => {
  const { text, page } = await sendTo('/form');
  await press(page);
  const written = nodes.map(({ running }) => running.output()).join('\n');
  assert.match(written, /is kept over a login: \d+ bytes/);
  assert.ok(!written.includes(text.slice('grade='.length)));
});

/** A text as it stands in base64, wherever it begins there. */
function inBase64(text: string, shift: number): string {
  const encoded = Buffer.from('x'.repeat(shift) + text).toString('base64');
  return encoded.slice(shift === 0 ? 0 : shift + 1, Math.floor(((text.length + shift) * 4) / 3) - 1);
}
