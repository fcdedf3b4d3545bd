/** Below the route prefix. The name changes with the content, so that it can be cached for good. */
export const STYLE_PATH = '/style-4.css';

/** The look of our own pages: served as a file, since a strict policy forbids inline styles. */
export const STYLE = `:root {
  color-scheme: light dark;
  --paper: #f4f5f7; --card: #ffffff; --ink: #1b2330; --soft: #566070; --line: #d9dde4; --accent: #1f4e8c; --accent-strong: #173f75; --on-accent: #ffffff; --tint: #eaeff7;
}
@media (prefers-color-scheme: dark) {
  :root { --paper: #12161d; --card: #1b212b; --ink: #e8ebf0; --soft: #a3adbb; --line: #313a48; --accent: #8ab4f8; --accent-strong: #aecbfa; --on-accent: #10151d; --tint: #202b3d; }
}
* { box-sizing: border-box; }
body {
  margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem;
  background: var(--paper); color: var(--ink);
  font: 1.0625rem/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
}
main {
  width: 100%; max-width: 36rem; padding: 2.25rem; background: var(--card);
  border: 1px solid var(--line); border-top: 4px solid var(--accent); border-radius: 10px;
}
h1 { margin: 0 0 1rem; font-size: 1.5rem; line-height: 1.25; text-wrap: balance; }
p { margin: 0 0 1rem; overflow-wrap: anywhere; text-wrap: pretty; }
.actions { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1.5rem 0 0; }
.actions form { margin: 0; }
.actions label { display: block; margin: 0 0 1rem; font-weight: 600; }
.actions input:not([type="hidden"]) { display: block; width: 100%; margin-top: .35rem; padding: .55rem .7rem; border: 1px solid var(--soft); border-radius: 7px; background: var(--card); color: var(--ink); font: inherit; }
.actions form:has(label) { width: 100%; }
.actions input:focus-visible { outline: 3px solid var(--accent); outline-offset: 1px; }
.choice form, .choice button { width: 100%; }
.actions a, .actions button {
  display: inline-block; padding: .6rem 1.15rem; border: 1px solid var(--accent); border-radius: 7px;
  font: inherit; font-weight: 600; text-decoration: none; cursor: pointer;
}
.primary { background: var(--accent); color: var(--on-accent); }
.primary:hover { background: var(--accent-strong); }
.secondary { background: transparent; color: var(--accent); }
.secondary:hover { background: var(--tint); }
/* The way out after two ways on: it would stand alone in its row. */
.actions:not(.choice) > a:nth-child(3) { padding-left: 0; padding-right: 0; border-color: transparent; background: none; text-decoration: underline; text-underline-offset: .2em; }
.choice { flex-direction: column; }
.actions.choice a { padding: .9rem 1.15rem; text-align: center; overflow-wrap: anywhere; }
.actions a:focus-visible, .actions button:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; }
.reference { margin: 1.75rem 0 0; padding-top: 1rem; border-top: 1px solid var(--line); color: var(--soft); font-size: .875rem; }
.facts { margin: 1.5rem 0 0; border-top: 1px solid var(--line); font-size: .9375rem; }
.facts div { display: grid; grid-template-columns: 6.5rem 1fr; gap: 0 .75rem; padding: .55rem 0; border-bottom: 1px solid var(--line); }
.facts dt { color: var(--soft); }
.facts dd { margin: 0; overflow-wrap: anywhere; }
code { font-family: ui-monospace, "DejaVu Sans Mono", monospace; }
@media (max-width: 30rem) {
  body { padding: 1rem; }
  main { padding: 1.5rem; }
  .actions { flex-direction: column; }
  .actions a, .actions button { width: 100%; text-align: center; }
}
`;
