import { createHash } from 'node:crypto';
import KeyvRedis from '@keyv/redis';
import Keyv from 'keyv';
import Koa, { type Context } from 'koa';
import { campusSso, cas, type Json } from '../../../src/index.ts';

/** One process of a portal that keeps what it is sent in Redis. Everything comes from the environment. */
const { PORT = '', BASE_URL = '', CAS_URL = '', REDIS_SOCKET = '', SECRET = '' } = process.env;

const tell = (line: string) => void process.stdout.write(`${line}\n`);
const redis = new KeyvRedis({ socket: { path: REDIS_SOCKET, tls: false } });
const app = new Koa();
const sso = campusSso<Json>({
  baseUrl: BASE_URL,
  secrets: [SECRET],
  login: cas({ serverUrl: CAS_URL, proxyGrants: true, dangerouslyAllowPlainHttpProxyCallback: true }),
  store: new Keyv({ store: redis }),
  logger: { debug: tell, info: tell, warn: tell, error: tell },
});
app.use(sso.session(app));
app.use(sso.routes());
app.use(sso.requireLogin({ keepBody: true }));
app.use(async (ctx: Context) => {
  const hash = createHash('sha256');
  for await (const chunk of ctx.req) hash.update(chunk);
  if (ctx.method === 'POST' && ctx.path === '/file') await ctx.sso.proxyTicket('https://registry.example.edu/');
  if (ctx.method === 'POST') tell(`RAN ${ctx.originalUrl} ${hash.digest('hex')}`);
  ctx.body = { user: { id: ctx.state.user.id } };
});
app.listen(Number(PORT), '127.0.0.1', () => tell('READY'));
