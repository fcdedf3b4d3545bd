/**
 * An application that has sessions and accounts of its own: the plugin uses that session, and `onLogin` decides who gets
 * an account. Runs like `minimal.ts`, with the same variables.
 */
import Keyv from 'keyv';
import Koa from 'koa';
import { createSession } from 'koa-session';
import { campusSso, cas } from '../src/index.ts'; // yours: from 'koa-campus-sso'

const { CAS_URL = '', SSO_SECRET = '', PORT = '3000', BASE_URL = `http://localhost:${PORT}` } = process.env;
if (!CAS_URL || !SSO_SECRET) {
  console.error('Please set CAS_URL (https://login.example.edu/cas) and SSO_SECRET (32 random characters or more).');
  process.exit(1);
}

const app = new Koa();
app.keys = [SSO_SECRET];
app.on('error', (error: Error) => console.error(error.message));

const sessions = new Keyv({ namespace: 'sessions' }); // yours: a Keyv over Redis, PostgreSQL or SQLite
const store = {
  get: (key: string) => sessions.get(key),
  set: async (key: string, value: unknown, maxAge: number) => void (await sessions.set(key, value, maxAge)),
  destroy: async (key: string) => void (await sessions.delete(key)),
};
const secure = BASE_URL.startsWith('https:');

interface Account {
  readonly number: number;
  readonly name: string;
}
const accounts = new Map<string, Account>(); // yours: a table with a unique key over issuer and id

const sso = campusSso({
  baseUrl: BASE_URL,
  secrets: [SSO_SECRET],
  login: cas({ serverUrl: CAS_URL }),
  onLogin({ issuer, id, attributes }) {
    if (!attributes.eduPersonAffiliation?.includes('member')) return false;
    const key = JSON.stringify([issuer, id]);
    const account = accounts.get(key) ?? { number: accounts.size + 1, name: attributes.displayName?.[0] ?? id };
    accounts.set(key, account);
    return { ...account };
  },
});

app.use(createSession({ key: 'portal', store, maxAge: 36_000_000, httpOnly: true, sameSite: 'lax', secure }, app));
app
  .use(sso.routes())
  .use(sso.requireLogin())
  .use((ctx) => {
    const { user } = ctx.state;
    ctx.session.pages = (ctx.session.pages ?? 0) + 1;
    ctx.body = `Hello ${user.account?.name}, account ${user.account?.number}, page ${ctx.session.pages} of this session`;
  })
  .listen(Number(PORT), () => console.log(`Open ${BASE_URL}`));
