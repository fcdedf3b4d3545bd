import type { Context } from 'koa';
import type { Principal } from '../../machines/vocabulary.ts';
import { keepable } from './keepable.ts';
import { type Interruption, UNINTERRUPTED } from './login-scope.ts';
import type { Runtime } from './runtime.ts';

/** Which requests a guard keeps over a login. */
export interface KeepBodyOptions {
  /**
   * Keep also what was sent when nobody had been signed in in this browser. Whoever signs in then is asked, by name of the
   * address, whether to send it. Default false.
   */
  readonly anonymous?: boolean;
}

/** What becomes of the request that is being answered if a login interrupts it. Looks at it, and keeps nothing. */
export function interruptionOf(
  ctx: Context,
  { options, owner }: Runtime,
  keepBody: KeepBodyOptions | undefined,
  present: Principal | undefined,
): Interruption {
  const { origin, keptRequests } = options;
  if (!keepBody || ctx.method === 'GET' || ctx.method === 'HEAD') return UNINTERRUPTED;
  const judged = keepable(ctx, { origin, methods: keptRequests.methods });
  if (!judged.keepable) {
    const isStrange = judged.reason === 'otherOrigin' || judged.reason === 'unknownOrigin';
    return isStrange ? { ...UNINTERRUPTED, notKept: 'ERR_SSO_REQUEST_NOT_OURS' } : UNINTERRUPTED;
  }
  const sender = present ?? owner.read(ctx);
  if (!sender && !keepBody.anonymous) return { ...UNINTERRUPTED, notKept: 'ERR_SSO_REQUEST_NOBODYS' };
  const expected = sender ? { issuer: sender.issuer, id: sender.id } : null;
  return { ...UNINTERRUPTED, expected, keepRequest: true };
}
