/** The style of the page: light and dark, on a screen and on paper. */
export const PAGE_STYLE = `
:root { color-scheme: light dark; --paper: #ffffff; --ink: #1c1c1e; --quiet: #5a5a60; --line: #d9d9de; --shade: #f6f6f8; --link: #1d4f9c; --mark: #fff3c4; }
@media (prefers-color-scheme: dark) { :root { --paper: #17181b; --ink: #f0f0f2; --quiet: #b4b4bc; --line: #3a3b40; --shade: #212226; --link: #9cc0ff; --mark: #4a3d12; } }
* { box-sizing: border-box; }
html { scroll-behavior: smooth; scroll-padding-top: 1rem; }
body { margin: 0 auto; max-width: 76rem; padding: 2rem 1.25rem 4rem; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, "Segoe UI", Helvetica, Arial, sans-serif; }
h1 { margin: 0 0 .5rem; font-size: 1.9rem; line-height: 1.2; }
h2 { margin: 3.5rem 0 .25rem; padding-top: 1rem; border-top: 2px solid var(--line); font-size: 1.45rem; }
h3 { margin: 2rem 0 .5rem; font-size: 1.1rem; }
p { max-width: 44rem; margin: .5rem 0; }
a { color: var(--link); text-underline-offset: .15em; }
a:focus-visible, [tabindex]:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 2px; }
code { font: .84em ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
nav ul, .legend { display: flex; flex-wrap: wrap; gap: .35rem 1.25rem; margin: 1rem 0; padding: 0; list-style: none; }
.legend { color: var(--quiet); font-size: .92rem; }
.about { color: var(--quiet); }
figure { margin: 1.25rem 0; overflow-x: auto; text-align: center; }
figure svg { display: inline-block; }
.wide { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: .9rem; }
th, td { padding: .45rem .6rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
thead th { border-bottom: 2px solid var(--line); color: var(--quiet); font-size: .82rem; font-weight: 600; white-space: nowrap; }
tbody tr:nth-child(even) { background: var(--shade); }
tbody tr:target { background: var(--mark); }
td > span { display: block; }
td > span + span { margin-top: .15rem; }
.small { color: var(--quiet); font-size: .86em; }
@media print {
  :root { --paper: #ffffff; --ink: #000000; --quiet: #333333; --line: #999999; --shade: #ffffff; --link: #000000; }
  body { max-width: none; padding: 0; font-size: 9.5pt; }
  h2 { break-before: page; border: 0; }
  h3, thead { break-after: avoid; }
  tr, figure { break-inside: avoid; }
  figure svg { max-height: 24cm; }
  nav { display: none; }
  .wide, figure { overflow: visible; }
}
`;
