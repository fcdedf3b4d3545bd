/**
 * The smallest application with a login: every page below `requireLogin()` knows who is there.
 *
 *     CAS_URL=https://login.example.edu/cas SSO_SECRET="$(openssl rand -base64 48)" npx tsx examples/minimal.ts
 */
import Koa from 'koa';
import { campusSso, cas } from '../src/index.ts'; // yours: from 'koa-campus-sso'

const { PORT = '3000', BASE_URL = `http://localhost:${PORT}` } = process.env;

const app = new Koa();
const sso = campusSso({
  baseUrl: BASE_URL,
  secrets: [required('SSO_SECRET', 'a secret of at least 32 random characters')],
  login: cas({ serverUrl: required('CAS_URL', 'the CAS server, e.g. https://login.example.edu/cas') }),
});

app
  .use(sso.session(app))
  .use(sso.routes())
  .use(sso.requireLogin())
  .use((ctx) => {
    ctx.body = `Hello ${ctx.state.user.id}`;
  })
  .listen(Number(PORT), () => console.log(`Open ${BASE_URL}`));

function required(name: string, meaning: string): string {
  const value = process.env[name];
  if (value) return value;
  console.error(`Please set ${name}: ${meaning}.`);
  process.exit(1);
}
