import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { AnyStateMachine } from 'xstate';
import {
  casLoginMachine,
  proxiedCallMachine,
  proxyCallbackMachine,
  proxyTicketMachine,
  ucamLoginMachine,
} from '../../machines/index.ts';
import { CommandProblem } from './command.ts';

/** Machines by the name that they are asked for with. */
export type NamedMachines = ReadonlyMap<string, AnyStateMachine>;

/** The machines that run unless an application brings its own. */
export const shippedMachines: NamedMachines = new Map<string, AnyStateMachine>(
  [casLoginMachine, ucamLoginMachine, proxyCallbackMachine, proxyTicketMachine, proxiedCallMachine].map((machine) => [
    machine.id,
    machine,
  ]),
);

/**
 * Reads a module of an application: its export `machines`, else its default export; a record, a list, or one machine; or
 * what `cas()` and `ucam()` give, alone or as the option `login`.
 * @throws CommandProblem if the module cannot be read or exports no machine
 */
export async function loadMachines(path: string): Promise<NamedMachines> {
  const exported = await readModule(resolve(path));
  const found = machinesIn(exported.machines ?? exported.default);
  if (found.size === 0) {
    throw new CommandProblem(
      `${path} exports no machine. Write: export const machines = { casLogin: myLoginMachine };`,
    );
  }
  return found;
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

function machinesIn(exported: unknown): NamedMachines {
  if (isMachine(exported)) return new Map([[exported.id, exported]]);
  // What cas() and ucam() give, alone or as the option `login`.
  const { machine, login } = Object(exported) as { readonly machine?: unknown; readonly login?: unknown };
  if (isMachine(machine)) return new Map([[machine.id, machine]]);
  if (login !== undefined) return new Map([login].flat().flatMap((way: unknown) => [...machinesIn(way)]));
  if (typeof exported !== 'object' || exported === null) return new Map();
  const entries = Array.isArray(exported)
    ? exported.map((one: unknown) => [isMachine(one) ? one.id : '', one] as const)
    : Object.entries(exported);
  return new Map(entries.flatMap(([name, one]) => (isMachine(one) ? [[name, one] as const] : [])));
}

/** Not `instanceof`: the application may have an xstate of its own. */
function isMachine(value: unknown): value is AnyStateMachine {
  if (typeof value !== 'object' || value === null) return false;
  const { id, root, implementations } = value as Readonly<Record<string, unknown>>;
  return typeof id === 'string' && typeof root === 'object' && typeof implementations === 'object';
}
