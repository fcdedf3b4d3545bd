import type { Context } from 'koa';
import { SsoError } from '../errors.ts';
import type { SsoContext } from '../koa-types.ts';
import type { Json } from '../options.ts';

/** Who may look at the viewer, and how much it knows. */
export interface FlowViewerOptions<Account extends Json = null> {
  /**
   * Says who may look: nobody, unless it returns or resolves to `true`. It is asked about every request. A page that keeps
   * itself up to date is asked about again and again, and does not count as activity of the person.
   */
  readonly allow: (ctx: Context & SsoContext<Account>) => boolean | Promise<boolean>;
  /** How long an attempt is shown after its last step, in minutes. Default 15. */
  readonly minutes?: number;
  /** How many attempts of each flow are kept in memory; those that wait for a browser make room first. Default 200. */
  readonly attempts?: number;
}

export type CheckedViewerOptions<Account extends Json> = Required<FlowViewerOptions<Account>>;

/**
 * Checks the options and lists everything that is wrong with them together.
 * @throws SsoError ERR_SSO_OPTIONS
 */
export function checkedViewerOptions<Account extends Json>(
  options: FlowViewerOptions<Account>,
): CheckedViewerOptions<Account> {
  const { allow, minutes = 15, attempts = 200 } = Object(options) as FlowViewerOptions<Account>;
  const problems = [
    ...(typeof allow === 'function' ? [] : ['allow: expected a function that says who may look.']),
    ...(Number.isFinite(minutes) && minutes > 0 ? [] : ['minutes: expected a number above 0.']),
    ...(Number.isSafeInteger(attempts) && attempts > 0 ? [] : ['attempts: expected a whole number above 0.']),
  ];
  if (problems.length > 0) {
    throw new SsoError('ERR_SSO_OPTIONS', {
      message: `The options of flowViewer() are not valid:\n${problems.map((problem) => `- ${problem}`).join('\n')}`,
    });
  }
  return { allow, minutes, attempts };
}
