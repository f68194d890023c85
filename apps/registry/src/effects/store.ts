import type { Position, Renewal } from "@tutti/contracts/registry/v1";
import type { Health } from "@tutti/kernel";
import type { Registration, Removal, Step } from "../directory/entry.ts";

/**
 * The storage of entries. A store numbers its changes and reports them in that order to its listener,
 * including the listener's own writes: a write resolves after its report.
 */
export interface Store {
  /** How much later a heartbeat at another registry may arrive here, in milliseconds. */
  readonly latenessMs: number;
  start(listener: StoreListener, signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
  /** While not healthy, heartbeats at other registries may be missed here. */
  health(): Health;
  /** Writes an entry, and replaces an earlier one. */
  put(registration: Registration): Promise<Position>;
  /**
   * Replaces an entry at this revision. Undefined if it was removed or changed since. Then the listener
   * already has that change.
   */
  replace(registration: Registration, revision: number): Promise<Position | undefined>;
  /** Removes an entry at this revision. */
  remove(farewell: Removal, service: string, revision: number): Promise<Position | undefined>;
  /** Resolves when all writes of an instance until now, by any writer, have been reported. */
  caughtUp(instanceId: string): Promise<void>;
  /** Shares heartbeats with other registries. Never waits. */
  renewed(renewals: readonly Renewal[]): void;
}

/** The sequence that revisions belong to: within it they only grow, and nothing is lost. */
export interface History {
  /** Unique among all histories. */
  readonly name: string;
  /** When it started, by the wall clock: earlier instances have to register again. */
  readonly startMs: number;
}

export interface StoreListener {
  /**
   * Called before all entries are reported from the start: at first, and after a possible loss of changes.
   */
  historyStarted(history: History): void;
  /** Called for each change, in the order of revisions. */
  stepped(step: Step): void;
  /** All entries have been reported. */
  loaded(): void;
  /** Called with heartbeats at another registry. */
  renewed(renewals: readonly Pick<Renewal, "instanceId" | "load" | "host">[]): void;
}
