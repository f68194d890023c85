/**
 * Deviations from the plan, in words, each reported once: tasks that took much longer or less, or are late, and
 * agents that have become slow compared with others, or have recovered.
 */
import { spanOf } from "@tutti/kernel";
import type { TaskView } from "@tutti/machine-session";

/** Minimum difference of a report, so that short tasks are not reported. */
const surprisingMs = 250;
/** Factor up to which an agent counts as normal. */
const usual = 1.2;
/**
 * Number of latest tasks that determine the speed of an agent. A single task is enough above the third
 * factor.
 */
const tasksLeast = 2;
const tasksMost = 3;
const glaring = 4;

type Ended = Pick<TaskView, "agent" | "startMs" | "plannedStartMs" | "plannedEndMs"> & {
  readonly spec: Pick<TaskView["spec"], "id">;
};
type AtWork = Ended & Pick<TaskView, "number" | "plannedAgent">;

export interface Surprise {
  readonly words: string;
  /** A report about an agent is more useful than one about its tasks. */
  readonly comesFirst: boolean;
}

interface Took {
  readonly expectedMs: number;
  readonly tookMs: number;
}

export class Surprises {
  readonly #late = new Set<number>();
  readonly #tookAt = new Map<string, Took[]>();
  readonly #slow = new Set<string>();
  readonly #surprising: number;

  /** @param surprising factor of a deviation that is reported, in both directions */
  constructor(surprising: number) {
    this.#surprising = surprising;
  }

  /** Handles an ended task with its duration. */
  ended(task: Ended, tookMs: number): readonly Surprise[] {
    const expectedMs = expectedOf(task);
    if (expectedMs <= 0 || task.startMs === 0) return [];
    const tookAt = this.#tookAt.get(task.agent) ?? [];
    this.#tookAt.set(task.agent, [...tookAt, { expectedMs, tookMs }].slice(-tasksMost));
    const ofAgent = this.#ofAgent(task.agent);
    const factor = tookMs / expectedMs;
    const isUsual = factor < this.#surprising && factor > 1 / this.#surprising;
    if (isUsual || Math.abs(tookMs - expectedMs) < surprisingMs) return ofAgent;
    const than = tookMs > expectedMs ? "longer" : "less";
    const words = `${task.spec.id} took ${spanOf(tookMs)} at ${task.agent}, ${than} than the ${spanOf(expectedMs)} expected`;
    return [...ofAgent, { words, comesFirst: false }];
  }

  /** Handles a running task. */
  goesOn(task: AtWork, nowMs: number): readonly Surprise[] {
    const expectedMs = expectedOf(task);
    const soFarMs = nowMs - task.startMs;
    const isLate = expectedMs > 0 && soFarMs >= expectedMs * this.#surprising + surprisingMs;
    if (!isLate || this.#late.has(task.number)) return [];
    this.#late.add(task.number);
    const where = task.agent || task.plannedAgent;
    const words = `${task.spec.id} is late at ${where}: ${spanOf(expectedMs)} were expected, ${spanOf(soFarMs)} have passed`;
    return [{ words, comesFirst: false }];
  }

  /** If all tasks of a kind take longer, the agent is not the cause. */
  #ofAgent(agent: string): readonly Surprise[] {
    const latest = this.#tookAt.get(agent) ?? [];
    const last = latest.slice(-1);
    const own = factorOf(last) >= glaring ? last : latest;
    if (agent === "" || (own.length < tasksLeast && own !== last)) return [];
    const others = [...this.#tookAt].flatMap(([other, took]) => (other === agent ? [] : took));
    const factor = factorOf(own);
    const beside = factor / factorOf(others);
    const isSlow = Math.min(factor, beside) >= this.#surprising && laterMs(own) >= surprisingMs;
    if (isSlow && !this.#slow.has(agent)) {
      this.#slow.add(agent);
      const those = own.length === 1 ? "its last task" : `its last ${own.length} tasks`;
      const words = `${agent} has become slow: ${those} took ${factor.toFixed(1)} times what was expected`;
      return [{ words, comesFirst: true }];
    }
    if (beside > Math.min(usual, this.#surprising) || !this.#slow.delete(agent)) return [];
    return [{ words: `${agent} is as fast again as was expected`, comesFirst: true }];
  }
}

function expectedOf({ plannedStartMs, plannedEndMs }: Ended): number {
  return plannedEndMs - plannedStartMs;
}

/** Returns the mean of logarithms, so that one outlier does not dominate. */
function factorOf(those: readonly Took[]): number {
  const sum = those.reduce((all, { tookMs, expectedMs }) => all + Math.log(tookMs / expectedMs), 0);
  return Math.exp(sum / Math.max(1, those.length));
}

function laterMs(those: readonly Took[]): number {
  return those.reduce((sum, { tookMs, expectedMs }) => sum + tookMs - expectedMs, 0);
}
