/**
 * A driver starts and stops agents. A scaler sets the number. A driver applies it in its own time, and
 * reports its progress. The contract is this file, each implementation has a folder, and the resolver is
 * `open-driver.ts`.
 *
 * 1. `setCount` may be called repeatedly with the same number: then it changes nothing.
 * 2. A driver never takes an agent's work away without asking it to finish.
 * 3. After `close` nothing of it runs, and nothing is reported.
 */
import type { TuttiError } from "@tutti/kernel";

export interface Driver {
  /** Name of the kind in events and logs. */
  readonly kind: "process" | "webhook" | "container" | "kubernetes";
  /** Sets the number of wanted agents, asleep or not. */
  setCount(count: number, reason: string): void;
  status(): DriverStatus;
  /**
   * Ends the agents that it started. Resolves when they have ended. For an external controller, `mode` tells
   * whether this is final.
   */
  close(mode: Closing): Promise<void>;
}

/**
 * Deleted: the scaler no longer exists. Replaced: it starts other programs from now on. Left: it continues
 * elsewhere, or after a restart. Only then its quarantined agents stay quarantined.
 */
export type Closing = "deleted" | "replaced" | "left";

/** The state of a driver. */
export interface DriverStatus {
  /** Agents that were started and have not joined yet. */
  readonly starting: number;
  /** Number of quarantined agents. */
  readonly quarantined: number;
  /** The last error. Undefined if there was none, or after a success. */
  readonly error: TuttiError | undefined;
}

/** The agents of a pool, as a driver that starts them one by one sees them. */
export interface AgentWindow {
  /** Returns how many tasks an agent has. Undefined while it has not joined. */
  busy(agentId: string): number | undefined;
  drain(agentId: string, reason: string, deadlineMs: number): void;
  quarantine(agentId: string, reason: string): void;
  /** Releases a quarantined agent: its next program is another one. */
  release(agentId: string, reason: string): void;
  /** Records the crashes in a row of an agent's program, and how it ended. 0 resets them. */
  crashed(agentId: string, crashes: number, how: string): void;
  /** Records that an agent's program has started and the agent has not joined yet. */
  started(agentId: string): void;
  /** Records that an agent's program has ended: its attempts are lost. */
  exited(agentId: string, reason: string): void;
}
