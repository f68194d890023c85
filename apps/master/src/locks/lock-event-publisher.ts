/** Reports events of locks to waiting callers, and on the bus. */
import { type Bus, contractEvent, type EventInput } from "@tutti/bus";
import type { EventHeader } from "@tutti/contracts/events/v1";
import { type SessionEventPayloads, sessionEvents } from "@tutti/contracts/events/v1/session";
import { type EventMapper, MachineEventPublisher } from "@tutti/host/serving";
import { type Foundation, toTimestamp } from "@tutti/kernel";
import { deadlocks, lock } from "@tutti/machine-lock";
import { deadlockNotes, type LockEvent, type LockNote, lockNotes } from "./lock-notes.ts";
import type { LockWaits } from "./lock-waits.ts";
import type { LockWorks } from "./lock-works.ts";

const source = "/tutti/session";

class LockEventMapper implements EventMapper<LockEvent> {
  eventOf({ key, event, timeMs, cause, type, body }: LockEvent): EventInput {
    const { namespace, id: resource } = key;
    const header: EventHeader = { namespace, resource, sequence: event, time: toTimestamp(timeMs), cause };
    // The body is the payload of this type without its header.
    const payload = { ...body, header } as unknown as SessionEventPayloads[typeof type];
    return contractEvent(sessionEvents[type], payload, { source });
  }

  isEnd(): boolean {
    return false;
  }

  progressOf(): Promise<undefined> {
    return Promise.resolve(undefined);
  }
}

export class LockEventPublisher extends MachineEventPublisher<LockEvent> {
  readonly #waits: LockWaits;
  readonly #works: LockWorks;

  constructor(
    { bus, foundation }: { readonly bus: Pick<Bus, "publish">; readonly foundation: Foundation },
    waits: LockWaits,
    works: LockWorks,
  ) {
    const sources = [
      { machine: lock, notes: lockNotes },
      { machine: deadlocks, notes: deadlockNotes },
    ];
    const leftOut = foundation.metrics
      .counter({
        name: "tutti_master_lock_events_left_out_total",
        help: "Lock events dropped because the publish queue was full.",
      })
      .with({});
    super({ bus, foundation, sources, mapper: new LockEventMapper(), dropped: leftOut });
    this.#waits = waits;
    this.#works = works;
  }

  /** Waiting callers are informed at once. */
  override handle(notes: readonly unknown[]): void {
    const lockEvent: unknown[] = [];
    for (const note of notes) {
      if (note instanceof Error) {
        lockEvent.push(note);
        continue;
      }
      // Only the functions of this folder make the other notes.
      const { key, isLive, outcome, isWaitedFor, joined, departed, lockEvent: event } = note as LockNote;
      if (joined !== undefined) this.#works.add(key, joined);
      if (departed !== undefined) this.#works.remove(key, departed);
      if (isLive !== undefined) this.#waits.moved(key, isLive);
      if (isWaitedFor) this.#waits.recordContended(key);
      if (outcome !== undefined) this.#waits.report(key, outcome.holder, outcome.lockEvent);
      if (event !== undefined) lockEvent.push(event);
    }
    super.handle(lockEvent);
  }
}
