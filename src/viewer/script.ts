/** Keeps a page up to date, and shows a step in the picture. The pages work without it. */
export const SCRIPT = `'use strict';
const status = document.getElementById('live');
const say = (text) => { if (status && status.textContent !== text) status.textContent = text; };

/* What is new comes from the same page, made by the server: nothing is put together here. */
const replaceLive = (fresh) => {
  const focused = document.activeElement?.id;
  for (const part of document.querySelectorAll('[data-live]')) {
    const now = fresh.getElementById(part.id);
    if (now && now.outerHTML !== part.outerHTML) part.replaceWith(document.adoptNode(now));
  }
  if (focused && document.activeElement?.id !== focused) document.getElementById(focused)?.focus({ preventScroll: true });
  markTarget();
};

let loading = false;
let isDue = false;
const refresh = async (source) => {
  if (loading) { isDue = true; return; }
  loading = true;
  try {
    const answer = await fetch(location.href, { headers: { accept: 'text/html' }, redirect: 'error' });
    if (answer.ok) {
      replaceLive(new DOMParser().parseFromString(await answer.text(), 'text/html'));
      say('Live: what happens appears here at once.');
    } else if (answer.status !== 503) {
      source.close();
      say('No longer live. Reload the page.');
    }
  } catch {
    say('The site cannot be reached at the moment.');
  }
  loading = false;
  if (isDue) { isDue = false; refresh(source); }
};

const events = document.body.dataset.events;
if (events) {
  const source = new EventSource(events);
  source.onopen = () => refresh(source);
  source.onmessage = () => refresh(source);
  source.onerror = () => say(source.readyState === EventSource.CLOSED ? 'No longer live. Reload the page.' : 'Connecting again …');
  addEventListener('pagehide', () => source.close());
  addEventListener('pageshow', (event) => { if (event.persisted) location.reload(); });
}

/* A step that is pointed at, or that has the focus, is shown in the picture. */
const mark = (step) => {
  for (const one of document.querySelectorAll('.now')) one.classList.remove('now');
  if (!step) return;
  step.classList.add('now');
  const { step: number, state } = step.dataset;
  for (const badge of document.querySelectorAll('.flow-picture .badge')) {
    const numbers = (badge.getAttribute('aria-label') ?? '').match(/\\d+/g) ?? [];
    if (numbers.includes(number)) badge.classList.add('now');
  }
  document.getElementById(state)?.classList.add('now');
};
const stepOf = (target) => target instanceof Element ? target.closest('[data-step]') : null;
const markTarget = () => mark(stepOf(document.activeElement) ?? (location.hash.length > 1 ? stepOf(document.getElementById(location.hash.slice(1))) : null));
addEventListener('focusin', (event) => { const step = stepOf(event.target); if (step) mark(step); });
addEventListener('mouseover', (event) => { const step = stepOf(event.target); if (step) mark(step); });
addEventListener('hashchange', markTarget);
addEventListener('keydown', (event) => {
  const step = stepOf(event.target);
  const way = event.key === 'ArrowDown' ? 'nextElementSibling' : event.key === 'ArrowUp' ? 'previousElementSibling' : null;
  if (!step || !way || event.altKey || event.ctrlKey || event.metaKey) return;
  const next = step[way]?.closest('[data-step]')?.querySelector('a');
  if (!next) return;
  event.preventDefault();
  next.focus();
});
markTarget();
`;
