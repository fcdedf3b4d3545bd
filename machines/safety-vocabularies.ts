/** Every kind of machine of this package, and how it is recognised. */
import type { AnyStateMachine } from 'xstate';
import { casLogin, ucamLogin } from './safety-login-vocabularies.ts';
import { proxiedCall, proxyCallback, proxyTicket } from './safety-proxy-vocabularies.ts';
import type { Vocabulary } from './safety-rule.ts';
import { genericRules } from './safety-rules.ts';

const vocabularies = [casLogin, ucamLogin, proxiedCall, proxyCallback, proxyTicket].map((one) => ({
  ...one,
  rules: [...genericRules, ...one.rules],
}));

/** The kind that a machine is of, by the events that it takes; undefined where it is none of ours. */
export function vocabularyOf(machine: AnyStateMachine): Vocabulary | undefined {
  const events = new Set<string>(machine.events);
  return vocabularies.find(({ speaks }) => speaks.some((type) => events.has(type)));
}
