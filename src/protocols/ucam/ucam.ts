import type { AnyStateMachine } from 'xstate';
import { ucamLoginMachine } from '../../../machines/ucam-login.ts';
import type { UcamLoginContext, UcamLoginEvent, UcamLoginInput } from '../../../machines/ucam-login-vocabulary.ts';
import { defineFlow } from '../../flow/flow.ts';
import { type Extension, extensionOf, extensionProblems, performersOf } from '../extension.ts';
import type { LoginProtocol, Place, ProtocolServices, ReturnReading } from '../protocol.ts';
import { createUcamEffects, type UcamEffects } from './effects.ts';
import { openKeyRing } from './key-ring.ts';
import { signatureSelfTest } from './key-self-test.ts';
import { type UcamOptions, ucamProblems } from './options.ts';
import { readParams } from './params.ts';
import { keyPolicyOf } from './presets.ts';
import { takeReply } from './query.ts';
import { claimedParams } from './reply-fields.ts';

const silent = { info() {}, warn() {} };

/** What an application may add to the login by Ucam-WebAuth. */
export type UcamExtension<M extends AnyStateMachine> = Extension<M, UcamLoginContext, UcamLoginEvent, UcamEffects>;

/**
 * A login by Ucam-WebAuth (Raven, University of Cambridge). Problems with the options and the keys are reported by
 * `campusSso()`, together with all others.
 */
export function ucam<M extends AnyStateMachine = typeof ucamLoginMachine>(
  options: UcamOptions & UcamExtension<M>,
): LoginProtocol {
  const { machine = ucamLoginMachine, effects: ownEffects, routes = {} } = extensionOf(options);
  const { name = 'ucam', label = 'Raven', loginUrl, keys = {} } = options;
  const issuer = options.issuer?.replace(/\/+$/, '') ?? (URL.canParse(loginUrl) ? new URL(loginUrl).origin : '');
  const ringOf = (logger: ProtocolServices['logger'], clock: () => number) =>
    openKeyRing({ keys, policy: keyPolicyOf(options), logger, clock });
  return {
    name,
    label,
    protocol: 'ucam',
    issuer,
    machine,
    problems(place: Place) {
      const unable = signatureSelfTest();
      return [
        ...ucamProblems(options, place),
        ...extensionProblems(name, ucamLoginMachine, extensionOf(options), { samples: options.samples ?? [] }),
        ...ringOf(silent, Date.now).problems,
        ...(unable === null ? [] : [unable]),
      ];
    },
    connect({ sessionEffects, logger, clock }: ProtocolServices) {
      const { desc, msg, aauth, fail } = options;
      const effects = createUcamEffects({
        loginUrl,
        issuer,
        keyRing: ringOf(logger, clock),
        sessionEffects,
        request: {
          ...(desc === undefined ? {} : { desc }),
          ...(msg === undefined ? {} : { msg }),
          ...(aauth === undefined ? {} : { aauth }),
          ...(fail === undefined ? {} : { fail }),
        },
        iact: options.iact ?? null,
        data: options.params ?? '',
        returnUrl: options.returnUrl ?? null,
        requiredPtags: options.allowNotCurrent ? [] : ['current'],
        timeoutMs: (options.timeoutSeconds ?? 30) * 1000,
        skewMs: (options.skewSeconds ?? 5) * 1000,
      });
      return {
        name,
        label,
        issuer,
        flow: defineFlow(name, machine, performersOf(effects, ownEffects)),
        routes,
        isOwnEvent: (type) => type.startsWith('xstate.') || ucamLoginMachine.events.some((event) => event === type),
        loginAddress: loginUrl,
        proxying: null,
        acceptance: null,
        returnPath: options.returnUrl === undefined ? null : new URL(options.returnUrl).pathname,
        input: ({ unsolicitedService: _, ...request }): UcamLoginInput => ({
          ...request,
          // Single sign-on does not tell how long ago the password was typed, so only a login that asks for it is fresh;
          // and where every login asks for it, a quiet one must not let anybody in without.
          renew: request.renew || options.iact === 'yes' || request.maxAgeMs !== null,
        }),
        grantExpired: () => null,
        readReturn,
        takeUnsolicited: () => null,
        logoutUrl: () => null,
        goesOnAt: options.logoutUrl ?? null,
        close: async () => {},
      };
    },
  };
}

/** The reply names the attempt in `params`; nothing of it is believed before the attempt has been found and claimed. */
function readReturn(query: string): ReturnReading {
  const taken = takeReply(query);
  if (taken.kind === 'rejected') return { kind: 'malformed', code: 'ERR_SSO_WLS_MALFORMED', detail: taken.reason };
  const claimed = claimedParams(taken.encoded);
  if (claimed === null) return { kind: 'malformed', code: 'ERR_SSO_WLS_MALFORMED', detail: 'fields' };
  const params = readParams(claimed);
  if (params === null) return { kind: 'malformed', code: 'ERR_SSO_ATTEMPT_UNKNOWN', detail: 'params' };
  const event: UcamLoginEvent = { type: 'return.reply', reply: taken.encoded };
  return { kind: 'event', attempt: params.nonce, event };
}
