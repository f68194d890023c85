/**
 * Deviations from the plan, in words, each reported once: tasks that took much longer or less, or are late, and
 * agents that have become slow compared with others, or have recovered.
 */
import { durationText } from "@tutti/kernel";
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
  readonly text: string;
  /** A report about an agent is more useful than one about its tasks. */
  readonly hasPriority: boolean;
}

interface Sample {
  readonly expectedMs: number;
  readonly durationMs: number;
}

export class Surprises {
  readonly #late = new Set<number>();
  readonly #samplesByAgent = new Map<string, Sample[]>();
  readonly #slow = new Set<string>();
  readonly #surprising: number;

  /** @param surprising factor of a deviation that is reported, in both directions */
  constructor(surprising: number) {
    this.#surprising = surprising;
  }

  /** Handles an ended task with its duration. */
  check(task: Ended, durationMs: number): readonly Surprise[] {
    const expectedMs = expectedOf(task);
    if (expectedMs <= 0 || task.startMs === 0) return [];
    const samples = this.#samplesByAgent.get(task.agent) ?? [];
    this.#samplesByAgent.set(task.agent, [...samples, { expectedMs, durationMs }].slice(-tasksMost));
    const ofAgent = this.#ofAgent(task.agent);
    const factor = durationMs / expectedMs;
    const isUsual = factor < this.#surprising && factor > 1 / this.#surprising;
    if (isUsual || Math.abs(durationMs - expectedMs) < surprisingMs) return ofAgent;
    const than = durationMs > expectedMs ? "longer" : "less";
    const text = `${task.spec.id} took ${durationText(durationMs)} at ${task.agent}, ${than} than the ${durationText(expectedMs)} expected`;
    return [...ofAgent, { text, hasPriority: false }];
  }

  /** Handles a running task. */
  stillRunning(task: AtWork, nowMs: number): readonly Surprise[] {
    const expectedMs = expectedOf(task);
    const elapsedMs = nowMs - task.startMs;
    const isLate = expectedMs > 0 && elapsedMs >= expectedMs * this.#surprising + surprisingMs;
    if (!isLate || this.#late.has(task.number)) return [];
    this.#late.add(task.number);
    const agent = task.agent || task.plannedAgent;
    const text = `${task.spec.id} is late at ${agent}: ${durationText(expectedMs)} were expected, ${durationText(elapsedMs)} have passed`;
    return [{ text, hasPriority: false }];
  }

  /** If all tasks of a kind take longer, the agent is not the cause. */
  #ofAgent(agent: string): readonly Surprise[] {
    const latest = this.#samplesByAgent.get(agent) ?? [];
    const last = latest.slice(-1);
    const own = factorOf(last) >= glaring ? last : latest;
    if (agent === "" || (own.length < tasksLeast && own !== last)) return [];
    const others = [...this.#samplesByAgent].flatMap(([other, samples]) => (other === agent ? [] : samples));
    const factor = factorOf(own);
    const relative = factor / factorOf(others);
    const isSlow = Math.min(factor, relative) >= this.#surprising && laterMs(own) >= surprisingMs;
    if (isSlow && !this.#slow.has(agent)) {
      this.#slow.add(agent);
      const those = own.length === 1 ? "its last task" : `its last ${own.length} tasks`;
      const text = `${agent} has become slow: ${those} took ${factor.toFixed(1)} times the expected duration`;
      return [{ text, hasPriority: true }];
    }
    if (relative > Math.min(usual, this.#surprising) || !this.#slow.delete(agent)) return [];
    return [{ text: `${agent} is as fast again as was expected`, hasPriority: true }];
  }
}

function expectedOf({ plannedStartMs, plannedEndMs }: Ended): number {
  return plannedEndMs - plannedStartMs;
}

/** Returns the mean of logarithms, so that one outlier does not dominate. */
function factorOf(those: readonly Sample[]): number {
  const sum = those.reduce((all, { durationMs, expectedMs }) => all + Math.log(durationMs / expectedMs), 0);
  return Math.exp(sum / Math.max(1, those.length));
}

function laterMs(those: readonly Sample[]): number {
  return those.reduce((sum, { durationMs, expectedMs }) => sum + durationMs - expectedMs, 0);
}
