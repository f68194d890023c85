import type { Position, Renewal } from "@tutti/contracts/registry/v1";
import type { Health } from "@tutti/kernel";
import type { Farewell, Registration, Step } from "../directory/entry.ts";

/**
 * Where entries are kept. A store numbers its changes and reports them in that order to its listener, the listener's
 * own writes included: a write resolves after its report.
 */
export interface Store {
  /** How much later than given a sign of life may be heard here that reached another registry, in milliseconds. */
  readonly latenessMs: number;
  start(listener: StoreListener, signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
  /** While not healthy, signs of life that reach other registries may not be heard here. */
  health(): Health;
  /** Writes an entry over any former one. */
  put(registration: Registration): Promise<Position>;
  /**
   * Writes an entry that is still at this revision. Undefined when it is gone, or has changed since. By then the
   * listener has that change.
   */
  replace(registration: Registration, revision: number): Promise<Position | undefined>;
  /** Removes an entry, on the same condition. */
  remove(farewell: Farewell, service: string, revision: number): Promise<Position | undefined>;
  /** Resolves when all writes of an instance until now have been reported, of any writer. */
  caughtUp(instanceId: string): Promise<void>;
  /** Shares signs of life with other registries. Never waits. */
  renewed(renewals: readonly Renewal[]): void;
}

/** The sequence that revisions belong to: within one they only grow, and nothing is lost. */
export interface History {
  /** Of no other history, ever. */
  readonly name: string;
  /** When it started, by the wall clock: who was entered before that has to be entered again. */
  readonly beganMs: number;
}

export interface StoreListener {
  /**
   * All entries follow now, from the start: at the start of the store, and whenever a change may have been missed.
   */
  began(history: History): void;
  /** Something happened. Called in order of revision. */
  stepped(step: Step): void;
  /** All entries have been reported. */
  loaded(): void;
  /** Another registry heard of these. */
  renewed(renewals: readonly Pick<Renewal, "instanceId" | "load" | "host">[]): void;
}
