import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as otel from '@opentelemetry/api';
import { otelSink, type TelemetryApi } from '../../src/journal/telemetry.ts';
import { entry, journalOf, realRun } from './support.ts';

/** What OpenTelemetry was told. */
function listener() {
  const spans: { name: string; attributes: object; events: string[]; times: number[]; status?: object }[] = [];
  const counts = new Map<string, number>();
  const api: TelemetryApi = {
    trace: {
      getTracer: () => ({
        startSpan(name, { startTime, attributes }) {
          const span: (typeof spans)[number] = { name, attributes, events: [], times: [startTime] };
          spans.push(span);
          return {
            addEvent: (_, { 'sso.event': event }) => span.events.push(String(event)),
            setAttributes: (more) => Object.assign(span.attributes, more),
            setStatus: (status) => Object.assign(span, { status }),
            end: (time) => void span.times.push(time),
          };
        },
      }),
    },
    metrics: {
      getMeter: () => ({
        createCounter: (name) => ({
          add(value, attributes) {
            const key = [name, ...Object.values(attributes)].join(' ');
            counts.set(key, (counts.get(key) ?? 0) + value);
          },
        }),
      }),
    },
  };
  return { api, spans, counts };
}

test('a span for each run of a flow that comes to rest, and counters of how they end', async () => {
  const { api, spans, counts } = listener();
  await realRun({ sinks: [otelSink({ api })] });
  const logins = spans.filter(({ name }) => name === 'sso cas');
  assert.deepEqual(
    logins.slice(0, 2).map(({ events }) => events),
    [
      ['begin', 'always', 'redirect.issued'],
      ['return.ticket', 'validation.succeeded', 'principal.admitted', 'grant.claimed', 'session.opened'],
    ],
  );
  assert.ok(spans.every(({ times }) => times.length === 2 && times[1]! >= times[0]!));
  const failed = logins.filter(({ status }) => status);
  assert.deepEqual(
    failed.map(({ status }) => status),
    [{ code: otel.SpanStatusCode.ERROR, message: 'ERR_SSO_TICKET_REJECTED' }],
  );
  assert.equal(counts.get('koa_campus_sso.outcomes cas success'), 2);
  assert.equal(counts.get('koa_campus_sso.outcomes cas failure ERR_SSO_TICKET_REJECTED'), 1);
  assert.equal(counts.get('koa_campus_sso.outcomes cas ended'), 1);
  assert.ok(![...counts.keys()].some((key) => /outcomes.*(waiting|progress)/.test(key)));
  const text = JSON.stringify([spans, [...counts]]);
  assert.doesNotMatch(text, /alice|marker|(?<![\w-])[SP]T-\d|pseudonym|https?:/);
});

test('the pseudonym of a person is not reported', async () => {
  const { api, spans, counts } = listener();
  await otelSink({ api }).write([{ ...entry(), seq: 1, node: 'n', prev: null, key: '', hash: '' }]);
  assert.equal(spans.length, 1);
  assert.doesNotMatch(JSON.stringify([spans, [...counts]]), /pseudonym/);
});

test('runs that never come to rest do not pile up', async () => {
  const { api, spans } = listener();
  const { listener: hear, flush, close } = journalOf([otelSink({ api })], { queueSize: 20_000 });
  for (let number = 0; number < 10_002; number += 1) hear({ ...entry(number), attempt: `attempt-${number}` });
  await flush();
  await close();
  assert.deepEqual([spans.length, spans.filter(({ times }) => times.length === 2).length], [10_002, 2]);
  assert.equal(spans[0]?.times.length, 2);
});

test('the API of the application is found, and without an SDK nothing happens', async () => {
  const { listener: hear, close, warnings } = journalOf([otelSink()]);
  hear(entry());
  await close();
  assert.deepEqual(warnings, []);
  const structural: TelemetryApi = otel;
  assert.ok(structural.trace);
});
