import type { Position, Renewal } from "@tutti/contracts/registry/v1";
import type { Health } from "@tutti/kernel";
import type { Farewell, Registration, Step } from "../directory/entry.ts";

/**
 * Where entries are kept. A store numbers what happens and tells it in that order to the one who listens, what the
 * listener itself asked for included: `put` and `remove` resolve after that was told.
 */
export interface Store {
  /** Names the sequence that the revisions belong to; known once the store has started. */
  readonly history: string;
  /** Whether what is kept outlives this process, so that what is absent is gone. */
  readonly durable: boolean;
  start(listener: StoreListener, signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
  /** While not healthy, signs of life that reach other registries may not be heard here. */
  health(): Health;
  put(registration: Registration): Promise<Position>;
  /** Removes an entry that is still at this revision. False when it was not there any more, or has changed since. */
  remove(farewell: Farewell, service: string, revision: number): Promise<boolean>;
  /** Shares signs of life with other registries. Never waits. */
  renewed(renewals: readonly Renewal[]): void;
}

export interface StoreListener {
  /** Everything there is will be told now, from the beginning: at the start, and whenever something may have been missed. */
  began(): void;
  /** Something happened. Called in order of revision. */
  stepped(step: Step): void;
  /** Everything there was has been told. */
  loaded(): void;
  /** Another registry heard of these. */
  renewed(renewals: readonly Pick<Renewal, "instanceId" | "load" | "host">[]): void;
}
