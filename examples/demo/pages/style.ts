import { FORMS } from './style-forms.ts';
import { PARTS } from './style-parts.ts';

export const STYLE_PATH = '/portal.css';

/** The look of the portal: colours, type and the frame around a page. A file, since the policy forbids inline styles. */
export const STYLE = `:root {
  color-scheme: light dark;
  --paper: #f4f5f7; --card: #ffffff; --ink: #1b2330; --soft: #566070; --line: #d9dde4; --tint: #eaeff7;
  --accent: #1f4e8c; --accent-strong: #173f75; --on-accent: #ffffff;
  --band: #1d3f72; --on-band: #ffffff; --soft-band: #c9d6ea; --gold: #e7c46a; --good: #1e6b42; --bad: #a8322a;
  --serif: Georgia, "Noto Serif", "Liberation Serif", "DejaVu Serif", serif;
  --side: max(1.25rem, calc(50% - 31rem));
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #12161d; --card: #1b212b; --ink: #e8ebf0; --soft: #a3adbb; --line: #313a48; --tint: #202b3d;
    --accent: #8ab4f8; --accent-strong: #aecbfa; --on-accent: #10151d;
    --band: #15294a; --soft-band: #a9b9d3; --good: #7fd0a2; --bad: #f0938a;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; min-height: 100vh; display: flex; flex-direction: column; background: var(--paper); color: var(--ink);
  font: 1.0625rem/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif;
}
a { color: var(--accent); text-underline-offset: .2em; }
a:hover { color: var(--accent-strong); text-decoration-thickness: 2px; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; border-radius: 3px; }
main:focus { outline: none; }
.skip { position: absolute; left: -100vw; padding: .6rem 1rem; background: var(--card); }
.skip:focus { left: 1rem; top: 1rem; z-index: 1; outline-color: var(--gold); }
header { background: var(--band); color: var(--on-band); border-bottom: 3px solid var(--gold); }
header a, header a:hover { color: inherit; }
header :focus-visible { outline-color: var(--gold); }
.bar { display: flex; flex-wrap: wrap; align-items: center; gap: .75rem 1.5rem; padding: 1rem var(--side) .75rem; }
.brand { display: flex; align-items: center; gap: .85rem; margin-right: auto; line-height: 1.25; text-decoration: none; }
.brand strong { display: block; font: 600 1.25rem/1.25 var(--serif); }
.brand .soft, .who .soft { color: var(--soft-band); font-size: .9rem; }
.person { display: flex; align-items: center; gap: 1rem; min-width: 0; }
.who { min-width: 0; line-height: 1.25; overflow-wrap: anywhere; }
.who .soft { display: block; font-size: .8125rem; }
nav ul { display: flex; flex-wrap: wrap; gap: 0 clamp(.6rem, 2.5vw, 1.75rem); margin: 0; padding: 0 var(--side); list-style: none; }
nav a { display: block; padding: .5rem 0; border-bottom: 3px solid transparent; text-decoration: none; }
nav a:hover { border-color: var(--soft-band); }
nav a[aria-current] { border-color: var(--gold); font-weight: 600; }
main { flex: 1; width: 100%; padding: 2.5rem var(--side) 3.5rem; }
footer { padding: 1.25rem var(--side); border-top: 1px solid var(--line); color: var(--soft); font-size: .9rem; }
footer p { margin: 0; }
@media (max-width: 40rem) {
  :root { --side: 1rem; }
  .bar { gap: .6rem .75rem; }
  .brand { gap: .6rem; }
  .brand strong { font-size: 1.0625rem; }
  .person { flex: 1 1 auto; justify-content: flex-end; gap: .75rem; }
  .who { margin-right: auto; }
  nav { font-size: .9375rem; }
  main { padding-top: 1.5rem; padding-bottom: 2.5rem; }
}
${PARTS}${FORMS}`;
