import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Browser, createBrowser } from '../support/browser.ts';
import { type DjangoCasServer, startDjangoCasServer } from './support/django-cas-server.ts';
import { logInAtDjangoCas } from './support/django-login.ts';

const service = 'https://localhost:4443/app/?page=1';

let cas: DjangoCasServer;
let browser: Browser;

before(async () => {
  cas = await startDjangoCasServer();
  browser = createBrowser({ ca: cas.ca });
});

after(async () => {
  await browser?.close();
  await cas?.close();
});

async function newTicket(user: { readonly name: string; readonly password: string }): Promise<string> {
  browser.cookies.clear();
  const login = `${cas.url}/login?${new URLSearchParams({ service })}`;
  const answer = await logInAtDjangoCas(browser, login, user.name, user.password);
  const ticket = answer.location?.searchParams.get('ticket');
  assert.ok(ticket, `status ${answer.status}, no ticket: ${answer.body}`);
  return ticket;
}

async function serviceValidate(ticket: string): Promise<string> {
  const answer = await browser.get(`${cas.url}/serviceValidate?${new URLSearchParams({ service, ticket })}`);
  assert.equal(answer.status, 200);
  return answer.body;
}

test('the login form sends the browser back to the service with a ticket', async () => {
  browser.cookies.clear();
  const login = `${cas.url}/login?${new URLSearchParams({ service })}`;
  const answer = await logInAtDjangoCas(browser, login, cas.users.alice.name, cas.users.alice.password);

  assert.equal(answer.status, 302);
  assert.match(answer.location?.href ?? '', /^https:\/\/localhost:4443\/app\/\?page=1&ticket=ST-\w{61}$/);
});

test('/serviceValidate over TLS names the user of the ticket', async () => {
  const answer = await serviceValidate(await newTicket(cas.users.zoe));

  assert.match(answer, /<cas:authenticationSuccess>/);
  assert.match(answer, /<cas:user>zoë r&amp;d &lt;x&gt;<\/cas:user>/);
});

test('a ticket that is used or too old is an INVALID_TICKET', async () => {
  const used = await newTicket(cas.users.bob);
  await serviceValidate(used);
  const old = await newTicket(cas.users.bob);
  await cas.ctl('expire-tickets');

  for (const ticket of [used, old]) {
    assert.match(await serviceValidate(ticket), /<cas:authenticationFailure code="INVALID_TICKET">/);
  }
});
