import { createServer } from 'node:http';
import Koa from 'koa';
import { type CasOptions, cas, createMemoryKeyv } from '../../../src/index.ts';
import { casProblems } from '../../../src/protocols/cas/options.ts';
import { createProxyGrants, type ProxyGrants } from '../../../src/storage/proxy-grants.ts';
import { createStore } from '../../../src/storage/store.ts';
import { raw } from '../../koa/support.ts';
import { listen, logIn, TEST_SECRET } from '../../support/portal.ts';
import { startProxyScene } from '../../support/proxying.ts';
import { startSso } from '../../support/run-journal.ts';
import { type Comparison, compare, type Fields, type Kinds, textField } from '../kind.ts';

const place = { baseUrl: 'https://portal.example.edu', routePrefix: '/sso' };

export const kinds: Kinds = {
  callbackConfig: (input, expected) => {
    const options: CasOptions = {
      serverUrl: 'https://login.example.edu/cas',
      proxyGrants: true,
      proxyCallbackUrl: textField(input, 'pgtUrl'),
    };
    const problems = casProblems(options, place);
    const insecure = problems.some((problem) => problem.startsWith('cas.proxyCallbackUrl: expected https'));
    return compare(expected, problems.length === 0 ? { ok: true } : { ok: false, code: insecure ? INSECURE : 'OTHER' });
  },
  callback: (input, expected) => {
    if (!('sequence' in input)) return deliver(input, expected);
    return 'pgtForIou' in expected ? deliverAll(input, expected) : logInWithGrant(expected);
  },
};

/** The code that the vectors have for it. */
const INSECURE = 'INSECURE_PROXY_CALLBACK';

/** Calls the real callback at the path of the vector, and looks at what is stored and answered. */
async function deliver(input: Fields, { bodyMustNotContain, ...expected }: Fields): Promise<Comparison> {
  const { method = 'GET', url, headers = {}, body } = input;
  const pair = new URLSearchParams(typeof body === 'string' ? body : String(url).split('?')[1]);
  return withCallback(String(url), async (address, grants, onward) => {
    const answer = await raw(address + String(url), {
      method: String(method),
      headers: headers as Record<string, string>,
      ...(typeof body === 'string' ? { body } : {}),
    });
    const pgtIou = pair.get('pgtIou') ?? '';
    const pgt = await grants.claim(pgtIou, 1);
    const outcome = {
      status: answer.status,
      body: answer.body,
      stored: pgt !== undefined,
      pgtIou: pgt === undefined ? null : pgtIou,
      pgt,
      nextCalled: onward(),
      xmlBody: /^<\?xml/.test(answer.body),
    };
    const comparison = compare(expected, outcome);
    const reflects = typeof bodyMustNotContain === 'string' && answer.body.includes(bodyMustNotContain);
    return reflects ? { differences: [...comparison.differences, 'the answer shows what was sent'] } : comparison;
  });
}

async function deliverAll(input: Fields, expected: Fields): Promise<Comparison> {
  const urls = input.sequence as readonly string[];
  return withCallback(urls[0] ?? '', async (address, grants) => {
    for (const url of urls) await raw(address + url);
    const pgtIou = new URLSearchParams(urls[0]?.split('?')[1]).get('pgtIou') ?? '';
    return compare(expected, { pgtForIou: await grants.claim(pgtIou, 1) });
  });
}

/** A whole login, whose delivery comes while its validation is still open. */
async function logInWithGrant(expected: Fields): Promise<Comparison> {
  const store = createMemoryKeyv();
  const written: string[] = [];
  const set = store.set.bind(store);
  store.set = async (...call: Parameters<typeof set>) => {
    const done = await set(...call);
    if (String(call[0]).includes('pgtiou')) written.push('stored');
    return done;
  };
  const scene = await startProxyScene({ options: { store } });
  const answered = (entry: { readonly event: string }) => entry.event === 'grant.stored';
  try {
    await logIn(scene.browser(), `${scene.portal.url}/me`, scene.fakeCas);
    const grant = await scene.portal.sso.proxyGrants.forUser('alice').catch(() => undefined);
    const durable = written.length === 1 && scene.portal.journal.filter(answered).length === 1;
    return compare(expected, {
      pgtFound: grant !== undefined,
      order: durable ? 'the pair is durable before 200 is sent' : 'unknown',
    });
  } finally {
    await scene.close();
  }
}

async function withCallback(
  url: string,
  work: (address: string, grants: ProxyGrants, onward: () => boolean) => Promise<Comparison>,
): Promise<Comparison> {
  const keyv = createMemoryKeyv();
  const store = createStore({ keyv, secrets: [TEST_SECRET] });
  const grants = createProxyGrants({ store, clock: Date.now, random: (bytes) => Buffer.alloc(bytes) });
  const sso = startSso({
    ...place,
    secrets: [TEST_SECRET],
    store: keyv,
    login: cas({
      serverUrl: 'https://login.example.edu/cas',
      proxyGrants: true,
      proxyCallbackUrl: place.baseUrl + url.split('?')[0],
    }),
  });
  let nextCalled = false;
  const app = new Koa();
  app.use(sso.session(app)).use(sso.routes());
  app.use(() => {
    nextCalled = true;
  });
  const server = createServer(app.callback());
  const address = await listen(server);
  try {
    return await work(address, grants, () => nextCalled);
  } finally {
    server.close();
    await sso.close();
  }
}
