/** The look of what pages are made of. */
export const PARTS = `h1 { margin: 0 0 .75rem; font: 600 clamp(1.75rem, 1.3rem + 2vw, 2.5rem)/1.15 var(--serif); text-wrap: balance; overflow-wrap: anywhere; }
h2 { margin: 0 0 1rem; font: 600 1.375rem/1.3 var(--serif); }
h3 { margin: 0 0 .15rem; font-size: 1.0625rem; }
p { margin: 0 0 1rem; overflow-wrap: anywhere; }
code { font: .9em ui-monospace, "Cascadia Mono", "DejaVu Sans Mono", "Liberation Mono", monospace; overflow-wrap: anywhere; }
.option { white-space: nowrap; }
form { margin: 0; }
.soft { color: var(--soft); }
.lead { max-width: 44rem; margin-bottom: 1.5rem; color: var(--soft); font-size: 1.1875rem; text-wrap: pretty; }
.lead strong, .lead time { color: var(--ink); font-weight: 600; }
.actions { display: flex; flex-wrap: wrap; gap: .75rem; margin: 0; }
.button, button {
  display: inline-block; padding: .6rem 1.25rem; border: 1px solid var(--accent); border-radius: 7px;
  font: inherit; font-weight: 600; line-height: 1.5; text-decoration: none; white-space: nowrap; cursor: pointer;
}
.primary { background: var(--accent); color: var(--on-accent); }
.primary:hover { background: var(--accent-strong); color: var(--on-accent); }
.secondary { background: transparent; color: var(--accent); }
.secondary:hover { background: var(--tint); }
.quiet { padding: .35rem .85rem; border-color: var(--soft-band); background: transparent; color: inherit; font-size: .9375rem; }
.quiet:hover { background: rgb(255 255 255 / .12); }
.notice {
  margin-bottom: 1.5rem; padding: .75rem 1rem; border: 1px solid var(--line); border-left: 4px solid var(--good); border-radius: 7px; background: var(--card);
}
.hero { margin-bottom: 3rem; padding: clamp(1.5rem, 5vw, 3rem); background: var(--card); border: 1px solid var(--line); border-radius: 12px; }
.tour { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(17rem, 100%), 1fr)); gap: 1.5rem 2.5rem; margin: 0 0 2rem; padding: 0; list-style: none; counter-reset: step; }
.tour li { position: relative; padding-left: 3rem; counter-increment: step; }
.tour li::before {
  content: counter(step); position: absolute; left: 0; top: .05rem; width: 2rem; height: 2rem; border: 1px solid var(--line);
  border-radius: 50%; background: var(--card); color: var(--accent); font: 600 1rem/1.9 var(--serif); text-align: center;
}
.tour p { margin: 0; color: var(--soft); }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(26rem, 100%), 1fr)); gap: 1.5rem; align-items: start; }
.card { padding: clamp(1.25rem, 4vw, 1.75rem); background: var(--card); border: 1px solid var(--line); border-radius: 12px; }
.card > :last-child { margin-bottom: 0; }
.columns + .card { margin-top: 1.5rem; }
.card p, .card > ul { max-width: 52rem; }
.card > ul { margin: 0 0 1rem; padding-left: 1.25rem; }
.trouble { border-left: 4px solid var(--bad); }
.facts { margin: 0 0 1.25rem; }
.facts > :last-child { padding-bottom: 0; }
.facts > div { display: grid; grid-template-columns: minmax(6.5rem, 2fr) 3.5fr; gap: .1rem 1.25rem; padding: .7rem 0; border-top: 1px solid var(--line); }
.facts dt { color: var(--soft); overflow-wrap: anywhere; }
.facts dt code { display: block; font-size: .8rem; }
.facts dd { margin: 0; overflow-wrap: anywhere; }
.facts .soft { display: block; font-size: .9375rem; }
.facts ul, .facts ol { margin: 0; padding-left: 1.1rem; }
details { margin-bottom: 1.5rem; }
summary { color: var(--accent); cursor: pointer; }
details .facts { margin: .75rem 0 0; }
details .facts > div { grid-template-columns: 1fr; }
.address { margin-bottom: 1.5rem; padding: .9rem 1.1rem; border: 1px solid var(--line); border-radius: 9px; background: var(--tint); }
table { width: 100%; table-layout: fixed; border-collapse: collapse; }
caption { padding-bottom: .75rem; font: 600 1.375rem/1.3 var(--serif); text-align: left; }
th, td { padding: .6rem 1.25rem .6rem 0; border-top: 1px solid var(--line); font-weight: 400; text-align: left; vertical-align: baseline; overflow-wrap: anywhere; }
tbody tr:last-child > * { padding-bottom: 0; }
thead th { border: 0; color: var(--soft); font-size: .9rem; }
.narrow { width: 7rem; padding-right: 0; }
cite { display: block; font: italic 1.0625rem/1.4 var(--serif); }
td.narrow { white-space: nowrap; }
@media (max-width: 30rem) { .button, button { white-space: normal; } .facts > div { grid-template-columns: 1fr; } .facts dt code { display: inline; } }
@media (forced-colors: active) { .button, button, .card { border-color: currentColor; } }
`;
