/**
 * Folds the state of an instance again, at any of its events.
 *
 * 1. It begins with the last snapshot where that is early enough, else with nothing.
 * 2. A repair that went back to an earlier event is gone back to here too: what came in between does not count.
 */
import { Record, RepairAction, Repaired } from "@tutti/contracts/runtime/v1";
import type { ArchivePartition, HistoryRecord, RecordPlace } from "@tutti/journal";
import type { InstanceKey, Outstanding } from "@tutti/kernel";
import { runtimeErrors } from "../errors.ts";
import type { HostedMachine } from "../machines/hosted-machine.ts";
import { heedless } from "../partition/folding.ts";
import { ownEvents, ownPrefix } from "../records/own-events.ts";
import { decodeSnapshot } from "../snapshots/snapshot.ts";
import type { Histories } from "./histories.ts";

const pageEvents = 500;

export class Refolding {
  readonly #archive: ArchivePartition;
  readonly #histories: Histories;

  constructor(archive: ArchivePartition, histories: Histories) {
    this.#archive = archive;
    this.#histories = histories;
  }

  /** The state after an event, and when that was decided. `last` is the instance's last record, which is durable. */
  async stateAt(
    key: InstanceKey,
    hosted: HostedMachine,
    last: RecordPlace,
    event: number,
  ): Promise<{ readonly state: unknown; readonly timeMs: number }> {
    const start = await this.#start(key, hosted, event);
    let { state, timeMs } = start;
    let at = start.event;
    while (at < event) {
      const page = await this.#histories.read(key, last, at, Math.min(pageEvents, event - at));
      if (page.length === 0) {
        const { kind, id } = key;
        throw runtimeErrors.noSuchEvent({ kind, id, event, events: at });
      }
      for (const record of page) {
        const reset = resetOf(record);
        if (reset === undefined) foldRecord(hosted, key, state, record, heedless);
        else ({ state } = await this.stateAt(key, hosted, last, reset));
        at = record.event;
        timeMs = record.timeMs;
      }
    }
    return { state, timeMs };
  }

  async #start(key: InstanceKey, hosted: HostedMachine, event: number) {
    const [kept] = await this.#archive.load([key]);
    if (kept?.kind === "snapshot") {
      const snapshot = decodeSnapshot(kept.snapshot);
      if (snapshot.folded <= event && snapshot.folded > 0) {
        const state = hosted.machine.snapshots.decode(snapshot.state, snapshot.stateVersion);
        return { state, event: snapshot.folded, timeMs: snapshot.timeMs };
      }
    }
    return { state: hosted.machine.create(key) as unknown, event: 0, timeMs: 0 };
  }
}

/** The event that a record goes back to; undefined for one that does not. */
function resetOf({ record }: HistoryRecord): number | undefined {
  const { type, payload } = Record.decode(record);
  if (type !== ownEvents.repaired.type) return;
  const { action, event } = Repaired.decode(payload);
  return action === RepairAction.REPAIR_ACTION_RESET ? event : undefined;
}

function foldRecord(
  hosted: HostedMachine,
  key: InstanceKey,
  state: unknown,
  { record }: HistoryRecord,
  outstanding: Outstanding,
): void {
  const { type, version, payload } = Record.decode(record);
  if (type.startsWith(ownPrefix)) return;
  const event = hosted.event(type, version);
  if (event === undefined) throw runtimeErrors.unknownEvent({ kind: key.kind, id: key.id, type, version });
  event.evolve(state, event.codec.decode(payload), outstanding);
}
