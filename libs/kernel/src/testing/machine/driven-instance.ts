/**
 * One instance of a driver. It has two states: the live state, folded from emitted events, and a replica, folded from
 * the encoded events and sometimes restored from a snapshot. After every event both must be equal. A state whose
 * snapshot exceeds 4 KiB is compared less often. So a test that fills one to its bound takes time in proportion to its
 * events.
 */

import { isEnded } from "../../machine/ended.ts";
import { type InstanceKey, textOf } from "../../machine/instance-key.ts";
import type { Description } from "../../machine/machine.ts";
import { checkedBytes } from "./codec-check.ts";
import { type AnyEvent, type AnyMachine, type MachineTable, nameOf } from "./machine-table.ts";
import { OutstandingTracker } from "./outstanding-tracker.ts";
import { expect, expectSame, expectSameBytes } from "./violation.ts";

/** An event in the form of a journal. */
export interface RecordedEvent {
  readonly type: string;
  readonly version: number;
  readonly payload: Uint8Array;
}

/** A state of this size is compared after every event, one of ten times the size after every tenth. */
const comparedPerEventBytes = 4_096;

export class DrivenInstance {
  readonly key: InstanceKey;
  readonly table: MachineTable;
  readonly outstanding: OutstandingTracker;
  readonly history: RecordedEvent[] = [];
  readonly #ofReplica: OutstandingTracker;
  readonly #whenToRestore: () => boolean;
  #live: unknown;
  #replica: unknown;
  #description: Description;
  /** Bytes that may be compared: each event adds some, a comparison takes the size of the snapshot. */
  #creditBytes = 0;

  constructor(key: InstanceKey, table: MachineTable, whenToRestore: () => boolean) {
    const location = () => this.location;
    this.key = key;
    this.table = table;
    this.outstanding = new OutstandingTracker(location);
    this.#ofReplica = new OutstandingTracker(location);
    this.#whenToRestore = whenToRestore;
    this.#live = table.machine.create(key);
    this.#replica = table.machine.create(key);
    this.#description = table.machine.describe(this.#live);
    this.#check(whenToRestore());
  }

  get machine(): AnyMachine {
    return this.table.machine;
  }

  get state(): unknown {
    return this.#live;
  }

  get description(): Description {
    return this.#description;
  }

  /** For messages: `default/account/anna after event 3, hold_placed v1`. */
  get location(): string {
    const last = this.history.at(-1);
    const when =
      last === undefined ? "before any event" : `after event ${this.history.length}, ${nameOf(last)}`;
    return `${textOf(this.key)} ${when}`;
  }

  /** Folds an event. */
  fold(event: AnyEvent, body: unknown): void {
    const name = `${textOf(this.key)}: event ${nameOf(event)}`;
    const payload = checkedBytes(event.codec, body, name);
    this.history.push({ type: event.type, version: event.version, payload });
    event.evolve(this.#live, body, this.outstanding);
    const known = this.table.event(event.type, event.version);
    known.evolve(this.#replica, known.codec.decode(payload), this.#ofReplica);
    this.#creditBytes += comparedPerEventBytes;
    const restores = this.#whenToRestore();
    if (this.#creditBytes > 0) this.#check(restores);
    this.#checkDescription(event);
  }

  /** Returns a new instance folded from the recorded events alone. */
  replayed(): { readonly state: unknown; readonly outstanding: OutstandingTracker } {
    return replay(this.table, this.key, this.history);
  }

  #check(restores: boolean): void {
    const { machine, location } = this;
    const projection = machine.project(this.#live);
    expectSame(
      machine.project(this.#replica),
      projection,
      location,
      "the recorded events give the live state",
    );
    expectSame(this.#ofReplica.all, this.outstanding.all, location, "the recorded events note the same");
    const recovered = recoveredFrom(machine, this.#live, location);
    expectSame(
      this.outstanding.all,
      recovered.all,
      location,
      "what the folds noted adds up to what recover finds",
    );
    const restored = this.#restored(projection);
    if (restores) this.#replica = restored;
  }

  #restored(projection: unknown): unknown {
    const { machine, location } = this;
    const { snapshots } = machine;
    const bytes = snapshots.encode(this.#live);
    this.#creditBytes = Math.min(this.#creditBytes, comparedPerEventBytes) - bytes.length;
    const restored: unknown = snapshots.decode(bytes, snapshots.version);
    expectSame(machine.project(restored), projection, location, "a snapshot gives back the state");
    expectSameBytes(snapshots.encode(restored), bytes, location, "what a snapshot gives back is the same");
    const recovered = recoveredFrom(machine, restored, location);
    expectSame(recovered.all, this.outstanding.all, location, "a snapshot gives back what is outstanding");
    return restored;
  }

  #checkDescription(event: AnyEvent): void {
    const { location } = this;
    const before = this.#description;
    const now = this.machine.describe(this.#live);
    this.#description = now;
    const mayChange = event.described === true || this.history.length === 1;
    if (!mayChange)
      expectSame(now, before, location, "an event that changes the description says so with `described`");
    if (isEnded(now.status))
      expectSame(
        this.outstanding.all,
        { effects: [], timers: [] },
        location,
        "nothing is outstanding of what has ended",
      );
    expect(
      this.history.length === 0 || now.status !== 0,
      location,
      "expected a status of an instance that has events, got unspecified",
    );
  }
}

/** Returns what `recover` finds outstanding in a state. */
export function recoveredFrom(machine: AnyMachine, state: unknown, location: string): OutstandingTracker {
  const found = new OutstandingTracker(() => location);
  machine.recover(state, found);
  return found;
}

/** Returns a new instance folded from events alone. */
export function replay(
  table: MachineTable,
  key: InstanceKey,
  events: readonly RecordedEvent[],
): { readonly state: unknown; readonly outstanding: OutstandingTracker } {
  const state: unknown = table.machine.create(key);
  const outstanding = new OutstandingTracker(() => textOf(key));
  for (const { type, version, payload } of events) {
    const event = table.event(type, version);
    event.evolve(state, event.codec.decode(payload), outstanding);
  }
  return { state, outstanding };
}
