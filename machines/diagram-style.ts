/** The style of pictures, light and dark. Pages that show pictures bring it; files of their own have it inside. */

/** Colours for both themes; shapes, dashes and signs say the same without them. */
export const PLAIN_STYLE = `
.flow-picture { --paper: #ffffff; --ink: #1c1c1e; --quiet: #5a5a60; --work: #35578f; --work-fill: #eef3fb; --wait: #8a6100; --wait-fill: #fff8e1; --good: #1b6e3a; --good-fill: #e6f4ea; --bad: #b3261e; --bad-fill: #fdecea; --over: #444448; --over-fill: #f1f1f2; }
@media (prefers-color-scheme: dark) {
.flow-picture { --paper: #17181b; --ink: #f0f0f2; --quiet: #b4b4bc; --work: #8fb3f0; --work-fill: #1d2a40; --wait: #e6bd5c; --wait-fill: #33290f; --good: #7fd39b; --good-fill: #14331f; --bad: #ff9a90; --bad-fill: #3d1a18; --over: #c4c4ca; --over-fill: #2a2b2f; }
}
.flow-picture text { fill: var(--ink); font: 12.5px Helvetica, Arial, 'Liberation Sans', Roboto, 'DejaVu Sans Condensed', sans-serif; }
.flow-picture .node text:first-of-type { font-weight: bold; }
.flow-picture .node text + text { font-size: 12px; }
.flow-picture .gathered text:first-of-type { font-weight: normal; font-style: italic; }
.flow-picture .labels text { fill: var(--quiet); stroke: var(--paper); stroke-width: 4px; stroke-linejoin: round; paint-order: stroke; }
.flow-picture a { text-decoration: none; }
.flow-picture a:focus-visible path, .flow-picture a:focus-visible polygon, .flow-picture a:hover path, .flow-picture a:hover polygon { stroke-width: 3.5; }
.flow-picture a:focus { outline: none; }
.flow-picture .node path, .flow-picture .node polygon { fill: var(--paper); stroke: var(--quiet); }
.flow-picture .working path { fill: var(--work-fill); stroke: var(--work); }
.flow-picture .waiting-browser polygon, .flow-picture .waiting-caller polygon { fill: var(--wait-fill); stroke: var(--wait); }
.flow-picture .settled polygon, .flow-picture .pending path, .flow-picture .done polygon { fill: var(--good-fill); stroke: var(--good); }
.flow-picture .deciding polygon { fill: var(--over-fill); stroke: var(--over); }
.flow-picture .failed polygon { fill: var(--bad-fill); stroke: var(--bad); }
.flow-picture .ended polygon { fill: var(--over-fill); stroke: var(--over); }
.flow-picture .settled polygon + polygon, .flow-picture .pending path + path { fill: none; }
.flow-picture .start ellipse { fill: var(--ink); stroke: var(--ink); }
.flow-picture .edge path { fill: none; stroke: var(--quiet); }
.flow-picture .edge polygon { fill: var(--quiet); stroke: var(--quiet); }
.flow-picture .success path { stroke: var(--good); }
.flow-picture .success polygon { fill: var(--good); stroke: var(--good); }
.flow-picture .failure path { stroke: var(--bad); }
.flow-picture .failure polygon { fill: var(--bad); stroke: var(--bad); }
.flow-picture .labels .success { fill: var(--good); }
.flow-picture .labels .failure { fill: var(--bad); }
.flow-picture .cluster path, .flow-picture .cluster polygon { fill: none; stroke: var(--quiet); }
`;

/** Never by colour alone: what was not passed is faded, what was is thicker, and badges with numbers say when. */
const TRACE_STYLE = `
.flow-picture { max-width: 100%; height: auto; --badge: #1c1c1e; --on-badge: #ffffff; }
@media (prefers-color-scheme: dark) { .flow-picture { --badge: #f0f0f2; --on-badge: #17181b; } }
.flow-picture .paper { fill: var(--paper); }
.traced .edge { opacity: .32; }
.traced .node path, .traced .node polygon, .traced .cluster path, .traced .cluster polygon { opacity: .4; }
.traced .node text, .traced .cluster text, .traced .labels text { opacity: .72; }
.traced .taken, .traced .labels .taken, .traced .visited path, .traced .visited polygon, .traced .visited text, .traced .node:hover *, .traced .node:focus-within * { opacity: 1; }
.traced .labels .neutral.taken { fill: var(--ink); }
.traced .edge.taken path { stroke-width: 3; }
.traced .neutral.taken path, .traced .neutral.taken polygon { stroke: var(--ink); }
.traced .neutral.taken polygon { fill: var(--ink); }
.traced .visited path, .traced .visited polygon { stroke-width: 2; }
.traced .visited [data-of]:not(.taken) { opacity: .72; }
.traced .here path, .traced .here polygon { stroke-width: 4.5; }
.traced .settled.here polygon:first-of-type, .traced .pending.here path:first-of-type { stroke-width: 1.5; }
.flow-picture .badge rect { fill: var(--badge); stroke: var(--paper); stroke-width: 1.5; }
.flow-picture .badge text { fill: var(--on-badge); font-size: 12px; font-weight: bold; }
.flow-picture .badge.success rect { fill: var(--good); }
.flow-picture .badge.failure rect { fill: var(--bad); }
.flow-picture .badge.success text, .flow-picture .badge.failure text { fill: var(--paper); }
`;

/** The style of pictures with ids, traced or not. */
export const PICTURE_STYLE = `${PLAIN_STYLE}${TRACE_STYLE}`;
