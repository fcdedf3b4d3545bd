import { JOURNAL_FLOW, type JournalRecord } from './record.ts';

/** What a record is, for those who count logins: the activity of OCSF, or other. */
const LOGON = { id: 1, name: 'Logon' };
const LOGOFF = { id: 2, name: 'Logoff' };
const OTHER = { id: 99, name: 'Login flow step' };
const SERVICE_TICKET = { id: 4, name: 'Service Ticket Request' };

const STATUS = { success: { id: 1, name: 'Success' }, failure: { id: 2, name: 'Failure' } } as const;
const UNKNOWN = { id: 0, name: 'Unknown' };

/**
 * A record as an event of the class Authentication (3002) of OCSF 1.9, with the profile `record_integrity`. The protocol
 * is 99 (Other), since OCSF knows neither CAS nor Ucam-WebAuth; the person is a pseudonym.
 */
export function toOcsf(record: JournalRecord): Record<string, unknown> {
  const { at, flow, outcome, code, subject, attempt, node, seq, prev, hash, key } = record;
  const activity = activityOf(record);
  const status = outcome === 'success' || outcome === 'failure' ? STATUS[outcome] : UNKNOWN;
  const severity = outcome === 'failure' || record.event === 'journal.lost' ? 3 : 1;
  return {
    category_uid: 3,
    category_name: 'Identity & Access Management',
    class_uid: 3002,
    class_name: 'Authentication',
    activity_id: activity.id,
    activity_name: activity.name,
    type_uid: 300200 + activity.id,
    type_name: `Authentication: ${activity.name}`,
    time: at,
    severity_id: severity,
    severity: severity === 3 ? 'Medium' : 'Informational',
    status_id: status.id,
    status: status.name,
    ...(code !== null && { status_code: code }),
    status_detail: `${record.from ?? 'begin'} → ${record.to}`,
    auth_protocol_id: 99,
    auth_protocol: flow,
    is_remote: true,
    user: { uid: subject ?? 'unknown', type_id: subject === null ? 0 : 1 },
    metadata: {
      version: '1.9.0-dev',
      product: { name: 'koa-campus-sso', vendor_name: 'koa-campus-sso' },
      profiles: ['record_integrity'],
      uid: `${node}:${seq}`,
      sequence: seq,
      correlation_uid: attempt,
      original_time: new Date(at).toISOString(),
      log_name: 'koa-campus-sso journal',
      logger: node,
    },
    attestation: {
      chain_uid: node,
      fingerprint: { algorithm_id: 99, algorithm: 'HMAC-SHA-256', value: hash },
      ...(prev !== null && { prev_event: { uid: `${node}:${seq - 1}`, fingerprint: { value: prev } } }),
      key_uid: key,
    },
    unmapped: unmapped(record),
  };
}

function activityOf({ flow, outcome, event, effects }: JournalRecord) {
  if (flow === JOURNAL_FLOW) return OTHER;
  if (outcome === 'ended' && event === 'logout.requested') return LOGOFF;
  if (effects.includes('requestTicket') || event.startsWith('ticket.')) return SERVICE_TICKET;
  return outcome === 'success' || outcome === 'failure' ? LOGON : OTHER;
}

function unmapped({ from, event, guard, to, effects, outcome, lost, sink }: JournalRecord) {
  return { from, event, guard, to, effects: effects.join(','), outcome, ...(lost !== undefined && { lost, sink }) };
}
