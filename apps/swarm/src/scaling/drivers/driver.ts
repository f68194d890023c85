/**
 * What brings agents about. A scaler says how many there should be. A driver sees to it, in its own time, and says how
 * far it is. Contract, implementations and resolver lie side by side: this file, a folder each, `open-driver.ts`.
 *
 * 1. `want` is called again and again, also with the same number: it changes nothing then.
 * 2. A driver never takes an agent's work away without having asked it to finish.
 * 3. After `close` nothing of it runs, and nothing is reported.
 */
import type { TuttiError } from "@tutti/kernel";

export interface Driver {
  /** As events and logs name it. */
  readonly kind: "process" | "webhook" | "container" | "kubernetes";
  /** So many agents are wanted, whether they sleep or not. */
  want(count: number, reason: string): void;
  standing(): Standing;
  /**
   * Ends what it has started. Resolves when it has ended. A driver with an external controller learns when this is
   * final.
   */
  close(how: Closing): Promise<void>;
}

/**
 * The scaler is no more. Or it starts other programs from now on. Or it continues elsewhere, or when this process is back:
 * only then its quarantined agents stay so.
 */
export type Closing = "deleted" | "replaced" | "left";

/** How far a driver is. */
export interface Standing {
  /** Agents that it has started and that have not joined yet. */
  readonly starting: number;
  /** Agents that it has quarantined. */
  readonly quarantined: number;
  /** What went wrong last. Undefined when nothing did, or when it went well since. */
  readonly error: TuttiError | undefined;
}

/** What a driver that starts agents one by one knows of them. */
export interface AgentWindow {
  /** Returns how many tasks an agent has. Undefined while it has not joined. */
  busy(agentId: string): number | undefined;
  drain(agentId: string, reason: string, deadlineMs: number): void;
  quarantine(agentId: string, reason: string): void;
  /** The next program of a quarantined agent is another one. */
  release(agentId: string, reason: string): void;
  /** How often in a row an agent's program has ended by itself by now, and how it did. 0 when that is over. */
  crashed(agentId: string, crashes: number, how: string): void;
  /** An agent's program has started, and it has not joined yet. */
  started(agentId: string): void;
  /** An agent's program has ended: its attempts are lost. */
  ended(agentId: string, reason: string): void;
}
