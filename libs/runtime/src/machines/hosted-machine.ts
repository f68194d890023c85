import { FlatWriter } from "@tutti/contracts/wire";
import { partitionKind } from "@tutti/journal";
import {
  assert,
  type Command,
  type InstanceKey,
  type Machine,
  type MachineEvent,
  type Refusal,
} from "@tutti/kernel";
import { type BehaviourLevels, levelsOf } from "../behaviour/behaviours.ts";
import { runtimeErrors } from "../errors.ts";

// biome-ignore lint/suspicious/noExplicitAny: the runtime hosts machines of any state. Each keeps its own types
export type AnyMachine = Machine<any, any>;
// biome-ignore lint/suspicious/noExplicitAny: as above
export type AnyEvent = MachineEvent<any, any, any>;
// biome-ignore lint/suspicious/noExplicitAny: as above
export type AnyCommand = Command<any, any, any, any>;

/** A machine with everything that the runtime looks up for every command and record. */
export class HostedMachine {
  readonly machine: AnyMachine;
  /** Whether any of its events names blobs. */
  readonly namesBlobs: boolean;
  /** Whether some of its records need content before they can be processed. */
  readonly needsContent: boolean;
  readonly #commands = new Map<string, AnyCommand>();
  readonly #events = new Map<string, AnyEvent>();
  /** Type and version of each event, encoded as in a record. */
  readonly #headers = new Map<AnyEvent, Uint8Array>();

  constructor(machine: AnyMachine) {
    this.machine = machine;
    this.namesBlobs = machine.events.some(({ blobs }) => blobs !== undefined);
    this.needsContent = machine.prepare !== undefined;
    const writer = new FlatWriter(256);
    for (const command of machine.commands) {
      assert(!this.#commands.has(command.type), "a machine's commands have different types", {
        kind: machine.kind,
        type: command.type,
      });
      this.#commands.set(command.type, command);
    }
    for (const event of machine.events) {
      const name = `${event.type}@${event.version}`;
      assert(!this.#events.has(name), "a machine's events have different types or versions", {
        kind: machine.kind,
        event: name,
      });
      this.#events.set(name, event);
      this.#headers.set(
        event,
        writer.uint32(42).string(event.type).uint32(48).uint32(event.version).finish(),
      );
    }
  }

  command(type: string): AnyCommand | undefined {
    return this.#commands.get(type);
  }

  event(type: string, version: number): AnyEvent | undefined {
    return this.#events.get(`${type}@${version}`);
  }

  /** Returns the record header of an event. Throws for an event that is not in the machine's table. */
  headerOf(event: AnyEvent): Uint8Array {
    const header = this.#headers.get(event);
    assert(header !== undefined, "a decider emits events of its machine's table", {
      kind: this.machine.kind,
      type: event.type,
      version: event.version,
    });
    return header;
  }
}

/** All machines that a service hosts. */
export class HostedMachines {
  readonly #service: string;
  readonly #byKind = new Map<string, HostedMachine>();
  /** The behaviours that they have. */
  readonly levels: BehaviourLevels;

  constructor(service: string, machines: readonly AnyMachine[]) {
    this.#service = service;
    this.levels = levelsOf(machines);
    for (const machine of machines) {
      assert(!this.#byKind.has(machine.kind), "a service hosts one machine per kind", { kind: machine.kind });
      assert(machine.kind !== partitionKind, "no machine has the kind of the partition itself", {});
      this.#byKind.set(machine.kind, new HostedMachine(machine));
    }
  }

  /** The highest of the machines' behaviours. Seals carry it. */
  get behaviour(): number {
    return Math.max(1, ...this.levels.values());
  }

  get namesBlobs(): boolean {
    return [...this.#byKind.values()].some(({ namesBlobs }) => namesBlobs);
  }

  get needContent(): boolean {
    return [...this.#byKind.values()].some(({ needsContent }) => needsContent);
  }

  get kinds(): readonly string[] {
    return [...this.#byKind.keys()];
  }

  of(kind: string): HostedMachine | undefined {
    return this.#byKind.get(kind);
  }

  unknown({ kind }: Pick<InstanceKey, "kind">): Refusal {
    return runtimeErrors.unknownKind.refusal({ service: this.#service, kind, kinds: this.kinds.join(", ") });
  }
}
