/** CAS and Raven, and a form for guests beside them. Runs like `minimal.ts`, with GUEST_PASSWORD for the guest `guest`. */
import { randomBytes, scryptSync, timingSafeEqual } from 'node:crypto';
import { text } from 'node:stream/consumers';
import Koa, { type Context } from 'koa';
import { campusSso, cas, type SsoContext, type SsoState, ucam, ucamPresets } from '../src/index.ts'; // yours: from 'koa-campus-sso'

const { CAS_URL = '', SSO_SECRET = '', GUEST_PASSWORD = '', PORT = '3000' } = process.env;
const { origin } = new URL(process.env.BASE_URL ?? `http://localhost:${PORT}`);
if (!CAS_URL || !SSO_SECRET || !GUEST_PASSWORD) {
  console.error('Please set CAS_URL, SSO_SECRET (32 random characters or more) and GUEST_PASSWORD.');
  process.exit(1);
}

const salt = randomBytes(16); // yours: a table, where each guest has a salt and a hash of their own
const guests = new Map([['guest', scryptSync(GUEST_PASSWORD, salt, 32)]]);

const app = new Koa();
const sso = campusSso({
  baseUrl: origin,
  secrets: [SSO_SECRET],
  login: [cas({ serverUrl: CAS_URL, label: 'University account' }), ucam({ ...ucamPresets.raven })],
  otherLogins: [{ label: 'Guests', path: '/guest' }],
  onLogin(_, ctx) {
    if (ctx.session) ctx.session.guest = undefined; // a guest no more
    return null;
  },
});
const members = sso.requireLogin();
app
  .use(sso.session(app))
  .use(sso.routes())
  .use(async (ctx, next) => {
    if (ctx.path !== '/guest') return next();
    if (ctx.method === 'POST') return signIn(ctx);
    ctx.body = `<!doctype html><html lang="en"><title>Guests</title><form method="post"><label>Name <input name="name"></label>
<label>Password <input name="password" type="password" autocomplete="current-password"></label> <button>Sign in</button></form>`;
  })
  .use<SsoState>((ctx, next) => (ctx.session?.guest ? next() : members(ctx, next)))
  .use((ctx) => {
    ctx.body = ctx.session?.guest ? `Hello guest ${ctx.session.guest}` : `Hello ${ctx.state.user.id}`;
  })
  .listen(Number(PORT), () => console.log(`Open ${origin}`));

/** Yours as well: a limit on attempts, since a password can be guessed. */
async function signIn(ctx: Context & SsoContext): Promise<void> {
  // Else another site could sign a visitor in as a guest of its choice, and see what is typed afterwards.
  if (ctx.get('Origin') !== origin) ctx.throw(403);
  if (!(Number(ctx.get('Content-Length')) < 2000)) ctx.throw(413);
  const form = new URLSearchParams(await text(ctx.req));
  const name = form.get('name') ?? '';
  const hash = scryptSync(form.get('password') ?? '', salt, 32); // also for an unknown name, which takes as long
  if (!timingSafeEqual(hash, guests.get(name) ?? randomBytes(32))) ctx.throw(403, 'The name or the password is wrong.');
  await ctx.sso.logout({ everywhere: false }); // whoever else was signed in in this browser
  ctx.session = { guest: name };
  await ctx.session?.regenerate?.();
  const page = String(ctx.query.returnTo ?? '/');
  const isOurs = URL.canParse(page, origin) && new URL(page, origin).origin === origin;
  ctx.redirect(isOurs ? new URL(page, origin).href : '/');
  ctx.status = 303;
}
