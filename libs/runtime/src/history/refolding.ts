/**
 * Folds the state of an instance again, at any of its events.
 *
 * 1. It starts with the last snapshot if that is early enough, else with the empty state.
 * 2. A repair that reset the instance to an earlier event is repeated here: the events in between do not count, even if
 *    they cannot be folded.
 */
import { Record, RepairAction, Repaired } from "@tutti/contracts/runtime/v1";
import type { Actor } from "@tutti/contracts/types/v1";
import type { ArchivePartition } from "@tutti/journal";
import type { InstanceKey } from "@tutti/kernel";
import { runtimeErrors } from "../errors.ts";
import type { HostedMachine } from "../machines/hosted-machine.ts";
import { preparedForEvent, preparedForSnapshot } from "../machines/preparing.ts";
import { noOutstanding } from "../partition/folding.ts";
import { ownEvents, ownPrefix } from "../records/own-events.ts";
import { decodeSnapshot } from "../snapshots/snapshot.ts";
import type { Histories, LastRecord } from "./histories.ts";

const pageEvents = 500;

/** Result of folding a history. */
export interface Refolded {
  readonly state: unknown;
  readonly timeMs: number;
  /** Start time and starter of the instance. Undefined if folding did not start at its first event. */
  readonly origin: { readonly timeMs: number; readonly actor: Actor | undefined } | undefined;
  /** The failure of the machine's code. The state is then unusable. A later record that resets behind it repairs it. */
  readonly fault: { readonly error: unknown; readonly on: string; readonly folded: number } | undefined;
}

export class Refolding {
  readonly #archive: ArchivePartition;
  readonly #histories: Histories;

  constructor(archive: ArchivePartition, histories: Histories) {
    this.#archive = archive;
    this.#histories = histories;
  }

  /**
   * Returns the state after an event, and the time of that event. `last` is the instance's last record, which is
   * durable.
   */
  async stateAt(
    key: InstanceKey,
    hosted: HostedMachine,
    last: LastRecord,
    event: number,
  ): Promise<{ readonly state: unknown; readonly timeMs: number }> {
    const { state, timeMs, fault } = await this.furthest(key, hosted, last, event);
    if (fault !== undefined) throw fault.error;
    return { state, timeMs };
  }

  /** Like `stateAt`, but reports an event that cannot be folded, with the last event before it that counts. */
  async furthest(
    key: InstanceKey,
    hosted: HostedMachine,
    last: LastRecord,
    event: number,
  ): Promise<Refolded> {
    const start = await this.#start(key, hosted, event);
    let { state, timeMs } = start;
    let at = start.event;
    let fault: Refolded["fault"];
    let origin: Refolded["origin"];
    /** The last event that changed the state. */
    let changed = at;
    while (at < event) {
      const page = await this.#histories.read(key, last, at, Math.min(pageEvents, event - at));
      if (page.length === 0) {
        const { kind, id } = key;
        throw runtimeErrors.noSuchEvent({ kind, id, event, events: at });
      }
      for (const entry of page) {
        const record = Record.decode(entry.record);
        const resetEvent = resetEventOf(record);
        if (resetEvent !== undefined && (fault !== undefined || resetEvent < changed)) {
          ({ state, fault } = await this.furthest(key, hosted, last, resetEvent));
        } else if (!record.type.startsWith(ownPrefix) && fault === undefined) {
          await preparedForEvent(hosted, key.namespace, record);
          changed = record.event;
          fault = fold(hosted, key, state, record);
        }
        at = entry.event;
        timeMs = entry.timeMs;
        if (at === 1) origin = { timeMs, actor: record.cause?.actor };
      }
    }
    return { state, timeMs, origin, fault };
  }

  async #start(key: InstanceKey, hosted: HostedMachine, event: number) {
    const [stored] = await this.#archive.load([key]);
    if (stored?.kind === "snapshot") {
      const snapshot = decodeSnapshot(stored.snapshot);
      if (snapshot.folded <= event && snapshot.folded > 0) {
        await preparedForSnapshot(hosted, snapshot);
        const state = hosted.machine.snapshots.decode(snapshot.state, snapshot.stateVersion);
        return { state, event: snapshot.folded, timeMs: snapshot.timeMs };
      }
    }
    return { state: hosted.machine.create(key) as unknown, event: 0, timeMs: 0 };
  }
}

/** Returns the event that a record resets to. Undefined if it does not reset. */
function resetEventOf({ type, payload }: Record): number | undefined {
  if (type !== ownEvents.repaired.type) return;
  const { action, event } = Repaired.decode(payload);
  return action === RepairAction.REPAIR_ACTION_RETRY ? undefined : event;
}

/** Returns the error, if any. */
function fold(
  hosted: HostedMachine,
  { kind, id }: InstanceKey,
  state: unknown,
  { type, version, payload, event: number }: Record,
): Refolded["fault"] {
  try {
    const event = hosted.event(type, version);
    if (event === undefined) throw runtimeErrors.unknownEvent({ kind, id, type, version });
    event.evolve(state, event.codec.decode(payload), noOutstanding);
    return;
  } catch (error) {
    return { error, on: type, folded: number - 1 };
  }
}
