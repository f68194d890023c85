import type { Command, Machine, MachineEvent } from "../../machine/machine.ts";
import { expect, expectSame, MachineViolation } from "./violation.ts";

// biome-ignore lint/suspicious/noExplicitAny: a driver holds machines of any state
export type AnyMachine = Machine<any, any>;
// biome-ignore lint/suspicious/noExplicitAny: as above
export type AnyCommand = Command<any, any, any, any>;
// biome-ignore lint/suspicious/noExplicitAny: as above
export type AnyEvent = MachineEvent<any, any, any>;

/** A machine's table, by name. Unknown names are refused. */
export class MachineTable {
  readonly machine: AnyMachine;
  readonly #commands: ReadonlyMap<string, AnyCommand>;
  readonly #events: ReadonlyMap<string, AnyEvent>;
  readonly #newest = new Map<string, AnyEvent>();

  constructor(machine: AnyMachine) {
    this.machine = machine;
    this.#commands = new Map(machine.commands.map((command) => [command.type, command]));
    this.#events = new Map(machine.events.map((event) => [nameOf(event), event]));
    for (const event of machine.events) {
      const other = this.#newest.get(event.type);
      if (other === undefined || other.version < event.version) this.#newest.set(event.type, event);
    }
  }

  command(type: string): AnyCommand {
    const found = this.#commands.get(type);
    if (found !== undefined) return found;
    const known = [...this.#commands.keys()].join(", ");
    throw new MachineViolation(`${this.machine.kind}: expected a command among ${known}, got ${type}`);
  }

  event(type: string, version: number): AnyEvent {
    const found = this.#events.get(nameOf({ type, version }));
    if (found !== undefined) return found;
    const newest = this.#newest.get(type)?.version ?? 0;
    throw new MachineViolation(
      newest === 0
        ? `${this.machine.kind}: expected an event of the table, got ${type}; a newer release may have written it`
        : `${this.machine.kind}: expected ${type} in version 1 to ${newest}, got ${version}; a newer release may have written it`,
    );
  }

  /** The versions that deciders emit. */
  get newest(): readonly AnyEvent[] {
    return [...this.#newest.values()];
  }

  isNewest(event: AnyEvent): boolean {
    return this.#newest.get(event.type) === event;
  }
}

/** `account_opened v2` */
export function nameOf({ type, version }: { readonly type: string; readonly version: number }): string {
  return `${type} v${version}`;
}

const typeForm = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/;

/** Checks a machine without driving it. */
export function checkTable(machine: AnyMachine): void {
  const { kind, behaviour, commands, events, queries } = machine;
  expect(/^[a-z][a-z0-9]*$/.test(kind), kind, `expected a kind of one lower-case word, got "${kind}"`);
  expect(
    Number.isInteger(behaviour) && behaviour >= 1,
    kind,
    `expected a behaviour from 1, got ${behaviour}`,
  );
  expect(
    Number.isInteger(machine.snapshots.version) && machine.snapshots.version >= 1,
    kind,
    `expected a version of snapshots from 1, got ${machine.snapshots.version}`,
  );
  checkNames(kind, "command", commands);
  checkNames(kind, "query", queries);
  for (const { type } of events) checkForm(kind, "event", type);
  const versions = Map.groupBy(events, ({ type }) => type);
  for (const [type, each] of versions) {
    const found = each.map(({ version }) => version).sort((a, b) => a - b);
    const expected = found.map((_, index) => index + 1);
    expectSame(found, expected, `${kind}: event ${type}`, "versions count from 1, each once");
  }
  for (const { type, decide } of commands)
    expect(typeof decide === "function", kind, `expected command ${type} to have a decider`);
  for (const event of events)
    expect(typeof event.evolve === "function", kind, `expected event ${nameOf(event)} to have a fold`);
}

function checkNames(kind: string, label: string, list: readonly { readonly type: string }[]): void {
  for (const { type } of list) checkForm(kind, label, type);
  const duplicate = list.find(({ type }, index) => list.findIndex((other) => other.type === type) !== index);
  expect(duplicate === undefined, kind, `expected each ${label} once, got ${duplicate?.type} twice`);
}

function checkForm(kind: string, label: string, type: string): void {
  expect(typeForm.test(type), kind, `expected the type of a ${label} in lower_snake_case, got "${type}"`);
}
