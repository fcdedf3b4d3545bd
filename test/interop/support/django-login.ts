import { type Browser, type Page, trail } from '../../support/browser.ts';

/**
 * Opens `url` (the login page, or any page that redirects to it), fills the real form in as a person would, and
 * returns the answer: the redirect with the ticket, not followed yet, or the login page again.
 */
export async function logInAtDjangoCas(
  browser: Browser,
  url: URL | string,
  user: string,
  password: string,
): Promise<Page> {
  const page = await (await browser.get(url)).settle();
  const form = page.forms.find(({ id }) => id === 'login_form');
  if (form === undefined || !('lt' in form.fields)) {
    throw new Error(`no login form at the end of\n${trail(page).join('\n')}\n${page.body.slice(0, 1000)}`);
  }
  return page.submit(form, { username: user, password });
}
