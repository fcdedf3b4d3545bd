/**
 * The smallest application with a login by Raven, the Ucam-WebAuth server of the University of Cambridge.
 *
 *     SSO_SECRET="$(openssl rand -base64 48)" npx tsx examples/raven.ts
 */
import Koa from 'koa';
import { campusSso, ucam, ucamPresets } from '../src/index.ts'; // yours: from 'koa-campus-sso'

const { SSO_SECRET = '', PORT = '3000', BASE_URL = `http://localhost:${PORT}` } = process.env;
if (!SSO_SECRET) {
  console.error('Please set SSO_SECRET: a secret of at least 32 random characters.');
  process.exit(1);
}

const app = new Koa();
const sso = campusSso({
  baseUrl: BASE_URL,
  secrets: [SSO_SECRET],
  login: ucam({ ...ucamPresets.raven, desc: 'a first try of koa-campus-sso' }),
});

app
  .use(sso.session(app))
  .use(sso.routes())
  .use(sso.requireLogin())
  .use((ctx) => {
    ctx.body = `Hello ${ctx.state.user.id}, a current member of the University`;
  })
  .listen(Number(PORT), () => console.log(`Open ${BASE_URL}`));
