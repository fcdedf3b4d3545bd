import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { AnyStateMachine } from 'xstate';
import {
  casLoginMachine,
  proxiedCallMachine,
  proxyCallbackMachine,
  proxyTicketMachine,
  type SafetyOptions,
  ucamLoginMachine,
} from '../../machines/index.ts';
import { CommandProblem } from './command.ts';

/** A machine by the name that it is asked for with, besides its id. */
export interface NamedMachine {
  readonly name: string;
  readonly machine: AnyStateMachine;
}

/** What a module of an application says of its flows. */
export interface FlowConfig {
  readonly machines: readonly NamedMachine[];
  /** How they are proven; see `checkSafety`. */
  readonly safety: SafetyOptions;
}

/** The machines that run unless an application brings its own. */
export const shippedMachines: readonly AnyStateMachine[] = [
  casLoginMachine,
  ucamLoginMachine,
  proxyCallbackMachine,
  proxyTicketMachine,
  proxiedCallMachine,
] as readonly AnyStateMachine[];

/**
 * Reads a module of an application: its export `machines`, else its default export; a record, a list, or one machine; or
 * what `cas()` and `ucam()` give, alone, in a list, or as the option `login`. Without a path, the shipped machines.
 * @throws CommandProblem if the module cannot be read or exports no machine
 */
export async function loadConfig(path: string | undefined): Promise<FlowConfig> {
  if (path === undefined) return { machines: shippedMachines.flatMap((one) => machinesIn(one)), safety: {} };
  const exported = await readModule(resolve(path));
  const machines = machinesIn(exported.machines ?? exported.default);
  if (machines.length === 0) {
    throw new CommandProblem(
      `${path} exports no machine. Write: export const machines = { casLogin: myLoginMachine };`,
    );
  }
  return { machines, safety: Object(exported.safety) as SafetyOptions };
}

async function readModule(file: string): Promise<Readonly<Record<string, unknown>>> {
  if (!existsSync(file)) throw new CommandProblem(`There is no file ${file}.`);
  try {
    return (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>;
  } catch (cause) {
    if (Object(cause).code === 'ERR_UNKNOWN_FILE_EXTENSION') {
      throw new CommandProblem(
        `This Node does not read TypeScript. Install tsx and put it in front: NODE_OPTIONS='--import tsx' npx koa-campus-sso flows --config …`,
        { cause },
      );
    }
    throw new CommandProblem(`${file} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
}

function machinesIn(exported: unknown): readonly NamedMachine[] {
  if (isMachine(exported)) return [{ name: exported.id, machine: exported }];
  if (Array.isArray(exported)) return exported.flatMap((one: unknown) => machinesIn(one));
  // What cas() and ucam() give, alone or as the option `login`.
  const { name, machine, login } = Object(exported) as Readonly<Record<'name' | 'machine' | 'login', unknown>>;
  if (isMachine(machine)) return [{ name: typeof name === 'string' ? name : machine.id, machine }];
  if (login !== undefined) return machinesIn([login].flat());
  if (typeof exported !== 'object' || exported === null) return [];
  return Object.entries(exported).flatMap(([key, one]) => machinesIn(one).map((found) => ({ ...found, name: key })));
}

/** Not `instanceof`: the application may have an xstate of its own. */
function isMachine(value: unknown): value is AnyStateMachine {
  if (typeof value !== 'object' || value === null) return false;
  const { id, root, implementations } = value as Readonly<Record<string, unknown>>;
  return typeof id === 'string' && typeof root === 'object' && typeof implementations === 'object';
}
