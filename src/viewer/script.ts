/** Keeps a page up to date, and shows a step in the picture. The pages work without it. */
export const SCRIPT = `'use strict';
const LIVE = 'Live: what happens appears here at once.';
const ENDED = 'No longer live. Reload the page.';
const status = document.getElementById('live');
const say = (text) => { if (status && status.textContent !== text) status.textContent = text; };

/* What is new comes from the same page, made by the server: nothing is put together here. What has not changed stays. */
const sources = new Map([...document.querySelectorAll('[data-live]')].map((part) => [part.id, part.outerHTML]));
const scrollers = (part) => [part, ...part.querySelectorAll('.scrolls')];
const pathOf = (element, part) => {
  if (element.id) return () => document.getElementById(element.id);
  const near = element.closest('[id]');
  const index = [...near.querySelectorAll(element.localName)].indexOf(element);
  return () => document.getElementById(near.id)?.querySelectorAll(element.localName)[index];
};
const replacePart = (part, now) => {
  const active = document.activeElement;
  const focused = active && part.contains(active) ? pathOf(active, part) : null;
  const places = scrollers(part).map(({ scrollTop, scrollLeft }) => [scrollTop, scrollLeft]);
  part.replaceWith(now);
  scrollers(now).forEach((one, index) => {
    const [top, left] = places[index] ?? [0, 0];
    one.scrollTop = top;
    one.scrollLeft = left;
  });
  focused?.()?.focus({ preventScroll: true });
};
const show = (fresh) => {
  let isNew = false;
  for (const part of document.querySelectorAll('[data-live]')) {
    const now = fresh.getElementById(part.id);
    if (!now || now.outerHTML === sources.get(part.id)) continue;
    sources.set(part.id, now.outerHTML);
    replacePart(part, document.adoptNode(now));
    isNew = true;
  }
  if (isNew) markTarget();
  const isNews = document.title !== fresh.title;
  document.title = fresh.title;
  if (source) say(isNews ? 'Live: ' + fresh.title : LIVE);
};

const PAUSE = 1000;
const LONGEST_PAUSE = 60000;
let source = null;
let pause = PAUSE;
let retry = 0;
let loading = false;
let isDue = false;
const close = () => { source?.close(); source = null; clearTimeout(retry); };
const end = () => { close(); isOver = true; say(ENDED); };
const later = () => {
  close();
  say('Not live at the moment. Trying again …');
  pause = Math.min(pause * 2, LONGEST_PAUSE);
  retry = setTimeout(open, pause);
};
let isOver = false;
const refresh = async () => {
  if (loading) { isDue = true; return; }
  loading = true;
  try {
    const headers = { accept: 'text/html', 'x-requested-with': 'XMLHttpRequest' };
    const answer = await fetch(location.href, { headers, redirect: 'error', signal: AbortSignal.timeout(15000) });
    if (answer.status === 401 || answer.status === 403) end();
    else if (answer.status === 404) say('This is no longer among what is kept here.');
    else if (!answer.ok) later();
    else show(new DOMParser().parseFromString(await answer.text(), 'text/html'));
  } catch {
    later();
  }
  await new Promise((resolve) => setTimeout(resolve, PAUSE));
  loading = false;
  if (isDue && !isOver) { isDue = false; refresh(); }
};
const open = () => {
  if (source || isOver || document.hidden) return;
  source = new EventSource(document.body.dataset.events);
  source.onopen = () => { pause = PAUSE; refresh(); };
  source.onmessage = refresh;
  /* The server ends each stream after a while, and the browser comes back by itself: that is not worth a word. */
  source.onerror = () => { if (source?.readyState === EventSource.CLOSED) { later(); refresh(); } };
};
if (document.body.dataset.events) {
  open();
  /* A browser has few connections to one site: a page that nobody sees must not hold one. */
  document.addEventListener('visibilitychange', () => { if (document.hidden) close(); else open(); });
  addEventListener('pagehide', close);
  addEventListener('pageshow', open);
}

/* A step that is pointed at, or that has the focus, is shown in the picture. */
const mark = (step) => {
  for (const one of document.querySelectorAll('.now')) one.classList.remove('now');
  if (!step) return;
  step.classList.add('now');
  const { step: number, states } = step.dataset;
  for (const badge of document.querySelectorAll('.flow-picture .badge')) {
    const numbers = (badge.getAttribute('aria-label') ?? '').match(/\\d+/g) ?? [];
    if (numbers.includes(number)) badge.classList.add('now');
  }
  for (const id of states.split(' ')) document.getElementById(id)?.classList.add('now');
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
