import type { Answer } from './fake-server-http.ts';

/** The stylesheet of the pages, served at its own path so that the content security policy can forbid inline style. */
export function style(): Answer {
  return { status: 200, headers: { 'Content-Type': 'text/css; charset=utf-8' }, body: stylesheet };
}

const stylesheet = `:root {
  color-scheme: light dark;
  --page: #f3f4f7;
  --card: #ffffff;
  --text: #1b2230;
  --quiet: #566072;
  --line: #d5dae3;
  --field: #8a93a5;
  --brand: #1d3f72;
  --brand-strong: #16325c;
  --on-brand: #ffffff;
  --gold: #e7c46a;
  --link: #1d4f9c;
  --bad: #9b1c1c;
  --bad-page: #fdf0ef;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #11151d;
    --card: #1a202b;
    --text: #e8ebf1;
    --quiet: #a2acbd;
    --line: #2f3846;
    --field: #6c7789;
    --brand: #15294a;
    --brand-strong: #a9c8ff;
    --gold: #e7c46a;
    --link: #a9c8ff;
    --bad: #ffb4ab;
    --bad-page: #3a1a1b;
  }
}
.plum {
  --brand: #5a2150;
  --gold: #e3c9a0;
}
@media (prefers-color-scheme: dark) {
  .plum { --brand: #41183a; }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0;
  min-height: 100vh;
  background: var(--page);
  color: var(--text);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", "Noto Sans", "Liberation Sans", sans-serif;
}
header {
  display: flex;
  align-items: center;
  gap: .85rem;
  padding: .8rem max(1.25rem, calc(50% - 13rem));
  background: var(--brand);
  color: var(--on-brand);
  border-bottom: 3px solid var(--gold);
}
header p { margin: 0; line-height: 1.3; }
header strong { font-family: Georgia, "Noto Serif", "Liberation Serif", serif; font-size: 1.2rem; font-weight: 600; }
header .dash { display: none; }
header .purpose { display: block; font-size: .9rem; opacity: .88; }
.crest { flex: none; fill: none; stroke: var(--gold); stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
.crest .book { stroke: currentColor; stroke-width: 1.6; }
main { width: min(26rem, 100% - 2rem); margin: 2.25rem auto 3rem; }
.card {
  padding: 1.75rem;
  background: var(--card);
  border: 1px solid var(--line);
  border-radius: .75rem;
  box-shadow: 0 1px 2px rgb(16 24 40 / .06), 0 8px 24px rgb(16 24 40 / .07);
}
h1 { margin: 0; font: 600 1.6rem/1.25 Georgia, "Noto Serif", "Liberation Serif", serif; overflow-wrap: anywhere; }
.lead { margin: .35rem 0 1.25rem; color: var(--quiet); overflow-wrap: anywhere; }
.lead:last-child { margin-bottom: 0; }
.lead strong { color: var(--text); font-weight: 600; }
.problem {
  margin: 0 0 1.25rem;
  padding: .65rem .85rem;
  border-left: 4px solid var(--bad);
  border-radius: .25rem;
  background: var(--bad-page);
  color: var(--bad);
}
dl { margin: 0 0 1.25rem; padding: .1rem 0 .1rem .85rem; border-left: 4px solid var(--line); overflow-wrap: anywhere; }
dt { color: var(--quiet); font-size: .875rem; }
dd { margin: 0; }
dd + dt { margin-top: .5rem; }
label { display: block; margin-bottom: .3rem; font-weight: 600; font-size: .95rem; }
input {
  display: block;
  width: 100%;
  margin-bottom: 1.1rem;
  padding: .6rem .75rem;
  border: 1px solid var(--field);
  border-radius: .4rem;
  background: var(--card);
  color: inherit;
  font: inherit;
}
input[aria-invalid="true"] { border-color: var(--bad); }
.actions { display: flex; align-items: center; gap: 1.25rem; margin-top: .4rem; }
button, .button {
  display: inline-block;
  padding: .6rem 1.4rem;
  border: 1px solid transparent;
  border-radius: .4rem;
  background: #1d4f9c;
  color: #ffffff;
  font: inherit;
  font-weight: 600;
  text-decoration: none;
  cursor: pointer;
}
button:hover, .button:hover { background: #173f7d; }
button.quiet { border-color: var(--field); background: transparent; color: inherit; font-weight: 400; }
button.quiet:hover { background: var(--page); }
.actions .quiet { margin-left: -.35rem; }
a { color: var(--link); text-underline-offset: .2em; }
.actions a:not(.button) { padding: .6rem .25rem; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
input:focus-visible { outline-offset: 0; border-color: var(--link); }
table { width: 100%; border-collapse: collapse; font-size: .875rem; }
caption { padding-bottom: .35rem; color: var(--quiet); font-weight: 600; text-align: left; }
th, td { padding: .3rem .75rem .3rem 0; border-top: 1px solid var(--line); text-align: left; vertical-align: top; overflow-wrap: anywhere; }
th { color: var(--quiet); font-weight: 400; }
.card table { margin-bottom: 1.25rem; }
.users { margin-top: 1.75rem; padding: 0 1.75rem; }
.users th:first-child:nth-last-child(2) { width: 45%; }
.users th:first-child:nth-last-child(3) { width: 30%; }
.users th:nth-child(2):nth-last-child(2) { width: 26%; }
small { color: var(--quiet); font-size: inherit; }
code { font-family: ui-monospace, "Cascadia Mono", "Liberation Mono", monospace; user-select: all; }
@media (max-width: 30rem) {
  main { margin-top: 1rem; }
  .card { padding: 1.25rem; }
  .users { padding: 0 1.25rem; }
}
@media (forced-colors: active) {
  button, .button { border-color: ButtonText; }
}
`;
