import type { Context } from 'koa';
import { fieldsOf } from '../library/answer.ts';

/** What the portal itself keeps in the session about the grades that somebody has handed in. */
export interface Memory {
  readonly times: number;
  /** The last course. */
  readonly course: string;
  /** The `Idempotency-Key` of the last form. */
  readonly key: string;
  /** To be said once, on the next page. */
  readonly grantExpired: boolean;
}

/** The session is a cookie, which has little room. */
const MAX_COURSE = 100;

export function recall(ctx: Context): Memory {
  const { times, course, key, grantExpired } = fieldsOf(ctx.session?.grades);
  return {
    times: typeof times === 'number' ? times : 0,
    course: typeof course === 'string' ? course : '',
    key: typeof key === 'string' ? key : '',
    grantExpired: grantExpired === true,
  };
}

export function remember(ctx: Context, change: Partial<Memory>): Memory {
  const memory = { ...recall(ctx), ...change };
  if (ctx.session) ctx.session.grades = memory;
  return memory;
}

/** Counts a form that was handed in; once, however often it arrives under the same key. */
export function countForm(ctx: Context, course: string): Memory {
  const key = ctx.get('Idempotency-Key');
  const before = recall(ctx);
  const times = key !== '' && key === before.key ? before.times : before.times + 1;
  return remember(ctx, { times, course: [...course].slice(0, MAX_COURSE).join(''), key, grantExpired: false });
}
