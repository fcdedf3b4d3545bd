import assert from 'node:assert/strict';
import { test } from 'node:test';
import { casLoginMachine } from '../../machines/index.ts';
import type { EffectFrom, Effects } from '../../src/flow/effects.ts';
import { defineFlow } from '../../src/flow/flow.ts';
import { type ToyScope, toyEffects, toyMachine } from './support.ts';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Only here for the compiler; `npm run check` fails if a line that must not compile does. */
export function mustNotCompile(): void {
  const { rest: _rest, ...withoutRest } = toyEffects;
  // @ts-expect-error a performer is missing
  defineFlow('toy', toyMachine, withoutRest);
  // @ts-expect-error a performer is misspelt
  defineFlow('toy', toyMachine, { ...withoutRest, resst: () => {} });
  // @ts-expect-error a performer too many, which is a misspelt one of another machine
  const surplus: Effects<typeof toyMachine, ToyScope> = { ...toyEffects, askConsent: () => {} };
  // @ts-expect-error the params are those of another effect
  defineFlow('toy', toyMachine, { ...toyEffects, work: ({ result }: { readonly result: string }) => void result });
  // @ts-expect-error the machine has no such event
  defineFlow('toy', toyMachine, { ...toyEffects, work: () => ({ type: 'work.donne', result: 'well' }) as const });
  // @ts-expect-error the event lacks its payload
  defineFlow('toy', toyMachine, { ...toyEffects, work: () => ({ type: 'work.done' }) as const });
  // @ts-expect-error the performers of one machine are not those of another
  defineFlow('cas', casLoginMachine, toyEffects);
  void surplus;
}

test('the effects of a machine are the ones it names, with their params', () => {
  const names: Equal<EffectFrom<typeof toyMachine>['type'], keyof typeof toyEffects> = true;
  const params: Equal<Extract<EffectFrom<typeof toyMachine>, { type: 'work' }>['params'], { readonly size: number }> =
    true;
  assert.ok(names && params);
});

test('a flow knows all performers by name', () => {
  const flow = defineFlow('toy', toyMachine, toyEffects);
  assert.deepEqual([...flow.performers.keys()].sort(), Object.keys(toyEffects).sort());
});
