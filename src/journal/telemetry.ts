import type { JournalRecord } from './record.ts';
import type { JournalSink } from './sinks.ts';

type Attributes = Record<string, string | number | boolean>;

/** The part of `@opentelemetry/api` that is used; structural, so that its types are not needed where it is not there. */
export interface TelemetryApi {
  readonly trace: {
    getTracer(name: string): {
      startSpan(
        name: string,
        options: { readonly startTime: number; readonly attributes: Attributes },
      ): {
        addEvent(name: string, attributes: Attributes, time: number): unknown;
        setAttributes(attributes: Attributes): unknown;
        setStatus(status: { readonly code: number; readonly message?: string }): unknown;
        end(time: number): void;
      };
    };
  };
  readonly metrics: {
    getMeter(name: string): {
      createCounter(
        name: string,
        options: { readonly description: string },
      ): { add(value: number, attributes: Attributes): void };
    };
  };
}

export interface OtelSinkOptions {
  /** Default: `@opentelemetry/api` of the application; if it is not there, nothing is reported. */
  readonly api?: TelemetryApi;
}

const SCOPE = 'koa-campus-sso';
/** Runs that never come to rest, because the store failed, must not pile up. */
const MAX_OPEN_SPANS = 10_000;
const STATUS_ERROR = 2;

/**
 * Reports to OpenTelemetry: a span for each run of a flow, from where it is woken to where it rests, with an event for each
 * step; the counters `koa_campus_sso.steps` and `koa_campus_sso.outcomes`. Names, codes and the label of the attempt; of
 * people not even the pseudonym.
 */
export function otelSink({ api }: OtelSinkOptions = {}): JournalSink {
  let report: Promise<((record: JournalRecord) => void) | undefined> | undefined;
  return {
    name: 'opentelemetry',
    async write(records) {
      report ??= (async () => {
        const found = api ?? (await import('@opentelemetry/api').catch(() => undefined));
        return found && createReporter(found);
      })();
      const tell = await report;
      if (tell) records.forEach(tell);
    },
  };
}

function createReporter({ trace, metrics }: TelemetryApi): (record: JournalRecord) => void {
  const tracer = trace.getTracer(SCOPE);
  const meter = metrics.getMeter(SCOPE);
  const steps = meter.createCounter('koa_campus_sso.steps', { description: 'Steps of flows.' });
  const outcomes = meter.createCounter('koa_campus_sso.outcomes', {
    description: 'Flows that got what they are for, failed, or ended.',
  });
  const open = new Map<string, ReturnType<typeof tracer.startSpan>>();

  return ({ flow, attempt, at, from, to, event, guard, outcome, code }) => {
    const common = { 'sso.flow': flow, 'sso.outcome': outcome };
    steps.add(1, common);
    if (attempt === '') return;
    const span =
      open.get(attempt) ??
      tracer.startSpan(`sso ${flow}`, { startTime: at, attributes: { 'sso.flow': flow, 'sso.attempt': attempt } });
    open.set(attempt, span);
    const names = {
      'sso.event': event,
      'sso.from': from ?? '',
      'sso.to': to,
      ...(guard !== null && { 'sso.guard': guard }),
    };
    span.addEvent('sso.step', names, at);
    if (outcome !== 'progress') {
      const failed = code !== null && { 'sso.code': code };
      if (outcome !== 'waiting') outcomes.add(1, { ...common, ...failed });
      span.setAttributes({ ...common, 'sso.state': to, ...failed });
      if (outcome === 'failure') span.setStatus({ code: STATUS_ERROR, message: code ?? 'failed' });
      span.end(at);
      open.delete(attempt);
    }
    const [oldest] = open;
    if (oldest && open.size > MAX_OPEN_SPANS) {
      oldest[1].end(at);
      open.delete(oldest[0]);
    }
  };
}
