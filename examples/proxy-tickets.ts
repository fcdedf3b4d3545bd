/**
 * A portal that calls a service on people's behalf. Runs like `minimal.ts`, beside `api.ts`:
 *
 *     API_URL=http://localhost:3001/grades npx tsx examples/proxy-tickets.ts
 *
 * The CAS server calls the portal at `BASE_URL/sso/proxy-callback`, so it must reach that address, and trust its
 * certificate. Only a CAS server for development calls plain http on this machine, which is for a first try.
 */
import Koa from 'koa';
import { campusSso, cas, isSsoError } from '../src/index.ts'; // yours: from 'koa-campus-sso'

const { PORT = '3000', BASE_URL = `http://localhost:${PORT}` } = process.env;
const apiUrl = required('API_URL', 'the address to call, e.g. http://localhost:3001/grades');

const app = new Koa();
const sso = campusSso({
  baseUrl: BASE_URL,
  secrets: [required('SSO_SECRET', 'a secret of at least 32 random characters')],
  login: cas({
    serverUrl: required('CAS_URL', 'the CAS server, e.g. https://login.example.edu/cas'),
    proxyGrants: true,
    dangerouslyAllowPlainHttpProxyCallback: BASE_URL.startsWith('http://localhost:'),
  }),
});

app
  .use(sso.session(app))
  .use(sso.routes())
  .use(sso.requireLogin())
  .use(async (ctx) => {
    try {
      const answer = await ctx.sso.fetch(apiUrl);
      ctx.body = answer.ok ? await answer.text() : `The service refused: ${answer.status}`;
    } catch (error) {
      if (!isSsoError(error)) throw error;
      if (error.code === 'ERR_SSO_PROXY_GRANT_EXPIRED') return ctx.sso.logout({ everywhere: false });
      // There is no grant, or no ticket for this service: to log in again would not help.
      ctx.status = 502;
      ctx.body = `The service cannot be asked: ${error.code}`;
    }
  })
  .listen(Number(PORT), () => console.log(`Open ${BASE_URL}`));

function required(name: string, meaning: string): string {
  const value = process.env[name];
  if (value) return value;
  console.error(`Please set ${name}: ${meaning}.`);
  process.exit(1);
}
