import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { type TestContext, test } from 'node:test';
import { type CasOptions, casPresets } from '../../src/index.ts';
import { createBrowser } from '../support/browser.ts';
import { listen, logIn, startPortal } from '../support/portal.ts';
import { pairFor, userOf } from './support.ts';

interface Expected {
  readonly endpoint: string;
  readonly method?: string;
  readonly attributes: boolean;
}

const ways: readonly (readonly [string, Partial<CasOptions>, Expected])[] = [
  ['CAS 1.0', { version: '1.0' }, { endpoint: '/validate', attributes: false }],
  ['CAS 2.0', { version: '2.0' }, { endpoint: '/serviceValidate', attributes: false }],
  ['CAS 3.0', {}, { endpoint: '/p3/serviceValidate', attributes: true }],
  ['CAS 2.0 in JSON', { version: '2.0', format: 'JSON' }, { endpoint: '/serviceValidate', attributes: false }],
  ['CAS 3.0 in JSON', { format: 'JSON' }, { endpoint: '/p3/serviceValidate', attributes: true }],
  ['SAML 1.1', { version: 'saml1.1' }, { endpoint: '/samlValidate', method: 'POST', attributes: true }],
];

for (const [what, cas, expected] of ways) {
  test(`${what} logs in with one validation, at its endpoint, for the service of the login`, async (t) => {
    const { portal, fakeCas, browser } = await pairFor(t, { cas });
    const visitor = browser();
    const sent = await visitor.get(`${portal.url}/start`);
    const name = cas.version === 'saml1.1' ? 'TARGET' : 'service';
    const service = sent.location?.searchParams.get(name);
    const form = await sent.follow();
    const landed = await form.submit(form.forms[0]!, { username: 'alice', password: 'wonderland' });
    assert.match(landed.location?.search ?? '', cas.version === 'saml1.1' ? /&SAMLart=ST-/ : /&ticket=ST-/);
    assert.equal(userOf(await landed.settle()), 'alice');
    assert.equal(fakeCas.validations.length, 1);
    const [seen] = fakeCas.validations;
    assert.equal(seen?.endpoint, expected.endpoint);
    assert.equal(seen?.method, expected.method ?? 'GET');
    assert.equal(seen?.service, service);
    assert.equal(seen?.format, cas.format === 'JSON' ? 'JSON' : undefined);
  });

  test(`${what} brings ${expected.attributes ? 'attributes' : 'a name and no attributes'}`, async (t) => {
    const { portal, fakeCas, browser } = await pairFor(t, { cas });
    const { user } = JSON.parse((await logIn(browser(), `${portal.url}/start`, fakeCas)).body);
    assert.equal(user.issuer, fakeCas.url);
    assert.deepEqual(user.attributes.eduPersonAffiliation, expected.attributes ? ['student', 'member'] : undefined);
    if (!expected.attributes) assert.deepEqual(user.attributes, {});
    assert.equal(user.authenticatedAt === null, !expected.attributes);
  });

  test(`${what} refuses a ticket that the server does not know`, async (t) => {
    const { portal, browser } = await pairFor(t, { cas });
    const visitor = browser();
    const service = (await visitor.get(`${portal.url}/start`)).location!.searchParams;
    const [parameter, name] = cas.version === 'saml1.1' ? ['TARGET', 'SAMLart'] : ['service', 'ticket'];
    const page = await visitor.get(`${service.get(parameter)}&${name}=ST-1-invented`);
    assert.equal(page.status, 403);
    assert.match(page.body, /ERR_SSO_TICKET_REJECTED/);
  });

  test(`${what} logs in a name with every character that must be escaped`, async (t) => {
    const { portal, fakeCas, browser } = await pairFor(t, { cas });
    assert.equal(userOf(await logIn(browser(), `${portal.url}/start`, fakeCas, "o'neil&<co>")), "o'neil&<co>");
  });

  test(`${what} leads back from a logout everywhere`, async (t) => {
    const { portal, fakeCas, browser } = await pairFor(t, { cas });
    const visitor = browser();
    await logIn(visitor, `${portal.url}/start`, fakeCas);
    const page = await (await visitor.post(`${portal.url}/sso/logout`, {})).settle();
    assert.equal(page.url.href, `${portal.url}/sso/logged-out`);
    assert.equal(fakeCas.counts.logout, 1);
  });
}

interface Answer {
  readonly status?: number;
  readonly body: string;
  readonly type?: string;
}

/** A CAS server that sends everybody back with a ticket and answers every validation alike. */
async function adHoc(t: TestContext, answer: Answer, casOptions: Omit<CasOptions, 'serverUrl'> = {}) {
  const asked: URL[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://cas.example');
    asked.push(url);
    if (/login|signin/i.test(url.pathname)) {
      const service = url.searchParams.get('service') ?? url.searchParams.get('TARGET');
      response.writeHead(303, { location: `${service}&ticket=ST-1-adhoc` }).end();
    } else {
      response.writeHead(answer.status ?? 200, { 'content-type': answer.type ?? 'text/xml' }).end(answer.body);
    }
  });
  const serverUrl = await listen(server);
  const portal = await startPortal({ cas: { serverUrl, ...casOptions } });
  const visitor = createBrowser();
  t.after(async () => {
    await visitor.close();
    await portal.close();
    server.close();
  });
  return { asked, portal, serverUrl, visitor, page: await (await visitor.get(`${portal.url}/start`)).settle() };
}

/** An address that passes validations on and gives the answers a status of its own. */
async function withStatus(t: TestContext, status: number, target: string): Promise<string> {
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk;
    const { method = 'GET', url = '' } = request;
    const answer = await fetch(target + url.slice(1), { method, ...(body && { body }) });
    response.writeHead(status, { 'content-type': 'text/xml' }).end(await answer.text());
  });
  t.after(() => server.close());
  return `${await listen(server)}/`;
}

const xml = (content: string) =>
  `<c:serviceResponse xmlns:c="http://www.yale.edu/tp/cas">${content}</c:serviceResponse>`;
const SUCCESS = xml('<c:authenticationSuccess><c:user>alice</c:user></c:authenticationSuccess>');
const failure = (code: string) => xml(`<c:authenticationFailure code="${code}">No.</c:authenticationFailure>`);
const failureInJson = JSON.stringify({ serviceResponse: { authenticationFailure: { code: 'INVALID_TICKET' } } });

test('a server that answers XML although JSON was asked for is understood', async (t) => {
  const { asked, page } = await adHoc(t, { body: SUCCESS }, { format: 'JSON' });
  assert.equal(userOf(page), 'alice');
  assert.equal(asked.at(-1)?.searchParams.get('format'), 'JSON');
});

test('a server that answers JSON although nobody asked for it is understood', async (t) => {
  const body = JSON.stringify({ serviceResponse: { authenticationSuccess: { user: 'alice' } } });
  assert.equal(userOf((await adHoc(t, { body, type: 'application/json' })).page), 'alice');
});

test('a media type that is no XML does not matter (LemonLDAP::NG)', async (t) => {
  assert.equal(userOf((await adHoc(t, { body: SUCCESS, type: 'application/soap+xml' })).page), 'alice');
});

for (const status of [400, 403]) {
  for (const [format, body] of [
    ['XML', failure('INVALID_TICKET')],
    ['JSON', failureInJson],
  ] as const) {
    test(`a refusal in ${format} with HTTP ${status} is a refusal with its code (Keycloak)`, async (t) => {
      const { page, portal } = await adHoc(t, { status, body });
      assert.equal(page.status, 403);
      assert.match(page.body, /ERR_SSO_TICKET_REJECTED/);
      assert.match(portal.log.join('\n'), /INVALID_TICKET/);
    });
  }

  test(`a refusal that is not about the ticket, with HTTP ${status}, is told apart`, async (t) => {
    const { page, portal } = await adHoc(t, { status, body: failure('UNAUTHORIZED_SERVICE') });
    assert.equal(page.status, 502);
    assert.match(page.body, /ERR_SSO_CAS_REFUSED/);
    assert.match(portal.log.join('\n'), /UNAUTHORIZED_SERVICE/);
  });
}

for (const status of [201, 203, 204, 206, 302, 400, 401, 403, 404, 500, 503]) {
  test(`a success with HTTP ${status} logs nobody in`, async (t) => {
    const { page, portal, visitor } = await adHoc(t, { status, body: SUCCESS });
    assert.equal(page.status, 502);
    assert.match(page.body, /ERR_SSO_CAS_BAD_STATUS/);
    assert.equal((await visitor.get(`${portal.url}/start`)).status, 303);
  });
}

for (const [what, cas, { endpoint }] of ways) {
  test(`a good answer of ${what} logs nobody in when it comes with HTTP 403`, async (t) => {
    const { fakeCas } = await pairFor(t);
    const validate = await withStatus(t, 403, `${fakeCas.url}${endpoint}`);
    const portal = await startPortal({ cas: { serverUrl: fakeCas.url, ...cas, endpoints: { validate } } });
    const visitor = createBrowser();
    t.after(() => Promise.all([visitor.close(), portal.close()]));
    const page = await logIn(visitor, `${portal.url}/start`, fakeCas);
    assert.equal(page.status, 502);
    assert.equal((await visitor.get(`${portal.url}/start`)).status, 303);
    assert.equal(fakeCas.counts.validate, 1);
  });
}

test('the no of CAS 1.0 on a newer endpoint is a refusal (LemonLDAP::NG)', async (t) => {
  const { page } = await adHoc(t, { body: 'no\n\n', type: 'text/plain' });
  assert.equal(page.status, 403);
  assert.match(page.body, /ERR_SSO_TICKET_REJECTED/);
});

test('the yes of CAS 1.0 on a newer endpoint logs nobody in', async (t) => {
  const { page } = await adHoc(t, { body: 'yes\nalice\n', type: 'text/plain' });
  assert.equal(page.status, 502);
  assert.match(page.body, /ERR_SSO_CAS_BAD_ANSWER/);
});

test('endpoints below the prefix can be named anew', async (t) => {
  const endpoints = { login: '/signin', logout: 'signout?then=1', validate: 'check' };
  const { asked, page, portal, serverUrl, visitor } = await adHoc(t, { body: SUCCESS }, { endpoints });
  assert.equal(userOf(page), 'alice');
  assert.deepEqual(
    asked.map(({ pathname }) => pathname),
    ['/signin', '/check'],
  );
  const out = await visitor.post(`${portal.url}/sso/logout`, {});
  assert.ok(out.location?.href.startsWith(`${serverUrl}/signout?then=1&service=`));
});

test('an endpoint can be on another host, and the prefix stays the issuer', async (t) => {
  const { fakeCas, portal, browser } = await pairFor(t);
  const endpoints = { login: `${fakeCas.url}/login`, validate: `${fakeCas.url}/p3/serviceValidate` };
  const serverUrl = 'https://login.example.edu/cas';
  const other = await startPortal({ cas: { serverUrl, endpoints } });
  t.after(() => other.close());
  const page = await logIn(browser(), `${other.url}/start`, fakeCas);
  assert.equal(JSON.parse(page.body).user.issuer, serverUrl);
  assert.notEqual(portal.url, other.url);
});

test('parameters of the server are sent to login and cannot replace ours', async (t) => {
  const loginParameters = { locale: 'sv', 'a b': '&service=x' };
  const { asked, page, portal } = await adHoc(t, { body: SUCCESS }, { loginParameters });
  assert.equal(userOf(page), 'alice');
  assert.equal(asked[0]?.searchParams.get('locale'), 'sv');
  assert.equal(asked[0]?.searchParams.get('a b'), '&service=x');
  assert.ok(asked[0]?.searchParams.getAll('service').every((service) => service.startsWith(portal.url)));
});

test('a preset logs in at the endpoints of its server', async (t) => {
  const { fakeCas } = await pairFor(t);
  const other = await startPortal({ cas: casPresets.lemonLdapNg(new URL(fakeCas.url).origin) });
  const visitor = createBrowser();
  t.after(() => Promise.all([visitor.close(), other.close()]));
  assert.equal(userOf(await logIn(visitor, `${other.url}/start`, fakeCas)), 'alice');
  assert.equal(fakeCas.validations[0]?.endpoint, '/serviceValidate');
});
