import type { AgentState, Hold } from "@tutti/contracts/agent/v1";
import type { HostFigures } from "@tutti/contracts/types/v1";
import type { Breaker } from "./breaker.ts";
import type { Suspicion } from "./suspicion.ts";

/** How an agent stands, and how it has done so far. Times are infinite where there are none. */
export interface AgentStanding {
  credit: number;
  heardMs: number;
  readonly suspicion: Suspicion;
  /** What it is apart from being busy, suspect or held. */
  life: "active" | "draining" | "asleep";
  /** Since when it has had nothing to do, while it has nothing to do. */
  idleSinceMs: number;
  /** Whether it is woken when there is something that it could do. */
  wakesByNeed: boolean;
  /** What it said when it fell asleep. */
  sleepReason: string;
  cut: boolean;
  silent: boolean;
  hold: Hold;
  holdReason: string;
  holdDueMs: number;
  /** Given nothing because it said that it is busy. */
  slowed: boolean;
  slowedDueMs: number;
  busyInRow: number;
  readonly breaker: Breaker;
  cutDueMs: number;
  drainDueMs: number;
  sleepDueMs: number;
  stateMs: number;
  stateReason: string;
  reportedState: AgentState;
  /** Whether its state differs from the last report. It is checked later. */
  isNoted: boolean;
  reportedHold: Hold;
  figures: HostFigures | undefined;
  completed: number;
  failed: number;
  refused: number;
  busyMs: number;
}
