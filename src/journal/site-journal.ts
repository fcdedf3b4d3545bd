import cluster from 'node:cluster';
import { hostname } from 'node:os';
import type { JournalListener, PseudonymOf } from '../flow/journal.ts';
import type { ResolvedOptions } from '../options.ts';
import { createJournal } from './journal.ts';
import { nameOf } from './outlet.ts';
import { pseudonymsOf } from './subject.ts';

/** The journal of a site, as its options have it. */
export interface SiteJournal {
  /** Takes an entry, and never throws: a journal that fails must not end somebody's login. */
  readonly journal: JournalListener;
  readonly pseudonymOf: PseudonymOf;
  /** Hands what waits to the sinks. Never rejects. */
  close(): Promise<void>;
}

export function createSiteJournal({
  journal: option,
  secrets,
  clock,
  logger,
}: Pick<ResolvedOptions, 'journal' | 'secrets' | 'clock' | 'logger'>): SiteJournal {
  const pseudonyms = pseudonymsOf(secrets.slice(0, 1));
  const pseudonymOf: PseudonymOf = (person) => pseudonyms(person)[0]!;
  if (typeof option === 'object') {
    const { listener, close } = createJournal({
      ...option,
      node: option.node ?? defaultNode(),
      secrets: secrets as readonly [string, ...string[]],
      clock,
      warn: (message) => logger.warn(message),
    });
    return { journal: listener, pseudonymOf, close };
  }
  return {
    journal(entry) {
      try {
        option?.(entry);
      } catch (error) {
        logger.error(`The journal listener threw ${nameOf(error)}.`);
      }
    },
    pseudonymOf,
    close: async () => {},
  };
}

/** The same after a restart, and another for each worker of a cluster. */
export function defaultNode(instance = process.env.NODE_APP_INSTANCE ?? cluster.worker?.id): string {
  const host = hostname().replace(/[^A-Za-z0-9._-]/g, '-');
  return (instance === undefined ? host : `${host}-${instance}`).slice(-64);
}
