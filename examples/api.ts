/**
 * A service that answers calls on people's behalf, and only those that come through the portal of `proxy-tickets.ts`.
 *
 *     CAS_URL=https://login.example.edu/cas SSO_SECRET="$(openssl rand -base64 48)" \
 *       PORTAL_CALLBACK=http://localhost:3000/sso/proxy-callback npx tsx examples/api.ts
 */
import Koa from 'koa';
import { campusSso, cas } from '../src/index.ts'; // yours: from 'koa-campus-sso'

const { PORT = '3001', BASE_URL = `http://localhost:${PORT}` } = process.env;

const app = new Koa();
const sso = campusSso({
  baseUrl: BASE_URL,
  secrets: [required('SSO_SECRET', 'a secret of at least 32 random characters')],
  login: cas({ serverUrl: required('CAS_URL', 'the CAS server, e.g. https://login.example.edu/cas') }),
});
const portal = required('PORTAL_CALLBACK', 'the proxy callback of the portal, to the letter');

app
  .use(sso.acceptProxyTickets({ allowedChains: [[portal]] }))
  .use((ctx) => {
    const { id, proxies } = ctx.state.user;
    ctx.body = { student: id, askedBy: proxies, grades: { logic: 'A', algebra: 'B' } };
  })
  .listen(Number(PORT), () => console.log(`Call ${BASE_URL}`));

function required(name: string, meaning: string): string {
  const value = process.env[name];
  if (value) return value;
  console.error(`Please set ${name}: ${meaning}.`);
  process.exit(1);
}
