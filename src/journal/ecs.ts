import type { JournalRecord } from './record.ts';

/**
 * A record in the Elastic Common Schema 8: `event.category: authentication`, the person as a pseudonym in
 * `user.hash`. What the schema has no field for is under `koa_campus_sso`.
 */
export function toEcs(record: JournalRecord): Record<string, unknown> {
  const { at, flow, event, outcome, code, subject, attempt, node, seq, prev, hash, key } = record;
  const { from, guard, to, effects, lost, sink } = record;
  return {
    '@timestamp': new Date(at).toISOString(),
    ecs: { version: '8.17.0' },
    message: `${flow}: ${from ?? 'begin'} → ${to} (${event})`,
    event: {
      kind: 'event',
      module: 'koa-campus-sso',
      dataset: 'koa-campus-sso.journal',
      category: ['authentication'],
      type: [TYPES[outcome]],
      action: event,
      outcome: outcome === 'success' || outcome === 'failure' ? outcome : 'unknown',
      sequence: seq,
      id: `${node}:${seq}`,
      hash,
      ...(code !== null && { code, reason: code }),
    },
    ...(subject !== null && { user: { hash: subject } }),
    transaction: { id: attempt },
    service: { name: 'koa-campus-sso', node: { name: node } },
    koa_campus_sso: { flow, from, guard, to, effects, outcome, prev, key, ...(lost !== undefined && { lost, sink }) },
  };
}

const TYPES = { success: 'start', failure: 'start', ended: 'end', waiting: 'info', progress: 'info' } as const;
