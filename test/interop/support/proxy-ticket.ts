import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { listen } from '../../support/portal.ts';
import type { TestUser } from './django-users.ts';
import { type Scene, withTicket } from './scene.ts';

/** What another application, which `user` signs in to, can get for `target`: a ticket on behalf of that user. */
export async function proxyTicket({ cas, browser }: Scene, user: TestUser, target: string): Promise<string> {
  const visitor = browser();
  const grants: string[] = [];
  const server = createServer((request, response) => {
    const grant = new URL(request.url ?? '', 'http://localhost').searchParams.get('pgtId');
    if (grant) grants.push(grant);
    response.end();
  });
  try {
    const service = `${await listen(server)}/application`;
    const login = `${cas.url}/login?${new URLSearchParams({ service })}`;
    const ticket = (await withTicket(visitor, login, user)).location?.searchParams.get('ticket') ?? '';
    const validation = new URLSearchParams({ service, ticket, pgtUrl: service });
    await visitor.get(`${cas.url}/serviceValidate?${validation}`);
    const [pgt = assert.fail('no proxy-granting ticket')] = grants;
    const answer = await visitor.get(`${cas.url}/proxy?${new URLSearchParams({ pgt, targetService: target })}`);
    const [, issued = assert.fail(answer.body)] = /<cas:proxyTicket>(PT-\w+)</.exec(answer.body) ?? [];
    return issued;
  } finally {
    server.closeAllConnections();
    server.close();
  }
}
