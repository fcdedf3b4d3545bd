import { PICTURE_STYLE } from '../../machines/diagram-style.ts';
import { PAGE_STYLE } from '../../machines/flows-page-style.ts';

/** That of the document of the flows, and what only the viewer has. */
export const STYLE = `${PAGE_STYLE}${PICTURE_STYLE}
:root { --good: #1b6e3a; --bad: #b3261e; --wait: #8a6100; --bad-fill: #fdecea; --now: #1d4f9c; }
@media (prefers-color-scheme: dark) { :root { --good: #7fd39b; --bad: #ff9a90; --wait: #e6bd5c; --bad-fill: #3d1a18; --now: #9cc0ff; } }
body { padding-top: 1rem; }
body.wide-page { max-width: 104rem; }
main:focus { outline: none; }
.skip { position: absolute; left: -100rem; padding: .5rem .75rem; background: var(--paper); }
.skip:focus { left: 1rem; z-index: 1; }
.bar { display: flex; flex-wrap: wrap; justify-content: space-between; align-items: baseline; gap: .25rem 1.5rem; margin-bottom: 1.5rem; padding-bottom: .6rem; border-bottom: 1px solid var(--line); }
.bar nav { display: flex; gap: 1.25rem; font-weight: 600; }
.bar a[aria-current] { color: inherit; text-decoration: none; }
.bar a:last-child { font-weight: 400; }
.bar p { margin: 0; color: var(--quiet); font-size: .9rem; }
.count { max-width: none; }
.part { margin-left: .9rem; white-space: nowrap; }
.outcome { font-weight: 600; white-space: nowrap; }
.outcome.success { color: var(--good); }
.outcome.failure { color: var(--bad); }
.outcome.waiting, .outcome.progress { color: var(--wait); }
h1 .outcome { margin-left: .5rem; font-size: 1.15rem; vertical-align: .15em; }
td.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
td:first-child a, .when { font-variant-numeric: tabular-nums; white-space: nowrap; }
tr.failure td:first-child { box-shadow: inset 4px 0 var(--bad); }
.empty { max-width: none; padding: 2rem 1rem; border: 1px dashed var(--line); border-radius: 8px; color: var(--quiet); text-align: center; }
.filter { display: flex; flex-wrap: wrap; align-items: end; gap: .75rem 1rem; margin: 1.25rem 0; padding: 1rem; border: 1px solid var(--line); border-radius: 8px; background: var(--shade); }
.filter label { display: grid; gap: .2rem; font-size: .85rem; font-weight: 600; min-width: 0; }
.filter input, .filter select { height: 2.4rem; max-width: 15rem; padding: 0 .55rem; border: 1px solid var(--quiet); border-radius: 6px; background: var(--paper); color: var(--ink); font: inherit; font-size: .95rem; font-weight: 400; }
.filter .buttons { display: flex; align-items: center; gap: 1rem; }
.filter button { height: 2.4rem; padding: 0 1.1rem; border: 1px solid var(--link); border-radius: 6px; background: var(--link); color: var(--paper); font: inherit; font-weight: 600; cursor: pointer; }
.filter :focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.flows { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(24rem, 100%), 1fr)); gap: 1rem; margin: 1.5rem 0; padding: 0; list-style: none; }
.flows li { padding: 1rem 1.25rem; border: 1px solid var(--line); border-radius: 8px; background: var(--shade); }
.flows h2 { margin: 0; padding: 0; border: 0; font-size: 1.1rem; }
.facts { display: flex; flex-wrap: wrap; gap: .5rem 2rem; margin: 1rem 0; }
.facts dt { color: var(--quiet); font-size: .82rem; font-weight: 600; }
.facts dd { margin: 0; }
.reason { display: grid; gap: .2rem; max-width: 60rem; padding: .7rem 1rem; border-left: 4px solid var(--wait); background: var(--shade); }
.reason.bad { border-color: var(--bad); background: var(--bad-fill); }
.story { display: grid; grid-template-columns: minmax(0, 1fr); gap: 0 2.5rem; }
.story h2 { margin-top: 1.5rem; }
.story figure { margin: .5rem 0 0; }
.steps { margin: .75rem 0 0; padding: 0; list-style: none; font-size: .93rem; }
.steps li { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: .1rem 1rem; padding: .55rem .6rem; border-left: 4px solid var(--line); border-bottom: 1px solid var(--line); }
.steps li.failure { border-left-color: var(--bad); }
.steps li.success { border-left-color: var(--good); }
.steps li.now { background: var(--mark); }
.steps li > a { color: inherit; text-decoration: none; }
.steps li > a:hover .what { text-decoration: underline; }
.steps .number { display: inline-block; min-width: 1.6rem; font-weight: 700; font-variant-numeric: tabular-nums; }
.steps .guard, .steps .gap, .steps .meaning, .steps .asks, .steps .hint { color: var(--quiet); }
.steps .to { white-space: nowrap; }
.steps .when { font-size: .86em; text-align: right; }
.steps .gap { display: block; }
.steps .meaning, .steps .asks, .steps .why { grid-column: 1 / -1; margin-left: 1.85rem; font-size: .93em; }
.steps .why { color: var(--bad); }
.flow-picture .badge.now rect { stroke: var(--now); stroke-width: 5; paint-order: stroke; }
.flow-picture .node.now > g > a > polygon, .flow-picture .node.now > g > a > path { stroke: var(--now); stroke-width: 5; }
.flow-picture { max-width: 100%; height: auto; }
@media (min-width: 76rem) {
  .story { grid-template-columns: minmax(22rem, 29rem) minmax(0, 1fr); }
  .story .steps { max-height: calc(100vh - 4rem); overflow-y: auto; }
  .story section:first-child { position: sticky; top: 0; align-self: start; }
}
@media (max-width: 40rem) { .filter label, .filter input, .filter select { width: 100%; max-width: none; } }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
`;
