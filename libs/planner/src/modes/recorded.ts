/** The record of an ended session, and its work: tasks with their durations, on the present agents. */
import { medianOf } from "../structures/median.ts";
import { type Problem, prepare } from "../work/problem.ts";
import type { ForeignUse } from "../work/work.ts";
import type { Beliefs } from "./believed.ts";
import type { PartMode } from "./cut.ts";
import type { Mode } from "./mode.ts";
import { observedPaces } from "./recorded-speeds.ts";
import { type PresentAgent, type Refused, situationOf } from "./situation.ts";

export interface RecordedTask {
  readonly id: string;
  readonly needs: readonly string[];
  readonly demand: string;
  /** Its capability for estimates. A plan learns from tasks of the same kind. */
  readonly capability?: string;
  /** The agent that did it. */
  readonly agentId: string;
  /** Total duration over all attempts. */
  readonly workMs: number;
  /** Start and end, from the start of the session. */
  readonly startMs: number;
  readonly endMs: number;
  /** When a plan assigned it, if a plan did. */
  readonly decideMs?: number;
  /** When it was added, from the start. Undefined if it existed from the start. */
  readonly addedMs?: number;
  /** The task that added it, if a task did. */
  readonly foundBy?: string;
  /** Size of its input: the duration grows with the square root. */
  readonly inputBytes?: number;
  /** Duration at an agent of speed 1, as declared by the author. */
  readonly statedMs?: number;
  /** Expected duration at an agent of speed 1, and the deviation of its logarithm. */
  readonly expectedMs?: number;
  readonly deviation?: number;
  readonly repeatable?: boolean;
  /** Its last part, for a session in parts. */
  readonly partMode?: PartMode;
  /** The required agent. */
  readonly pinnedTo?: string;
}

export interface RecordedSession {
  readonly mode: Mode;
  /** From its start to its end. */
  readonly realMs: number;
  readonly tasks: readonly RecordedTask[];
  /** The agents that were present. Absent speeds are observed. */
  readonly agents: readonly RecordedAgent[];
}

export interface RecordedAgent extends PresentAgent {
  /** When it joined and left, from the start. */
  readonly joinMs?: number;
  readonly leaveMs?: number;
  /** When others used its slots. */
  readonly taken?: readonly Omit<ForeignUse, "agent">[];
}

export interface RecordedWork {
  readonly problem: Problem;
  readonly beliefs: Beliefs;
}

/** The uncertainty of a plan about tasks without records. */
const unknownDeviation = 1;

export function recordedWork({
  tasks,
  agents: there,
}: RecordedSession): RecordedWork | { readonly refused: Refused } {
  const known = new Set(tasks.map(({ id }) => id));
  const paces = observedPaces(tasks, there);
  const agents = there.map((agent) => ({ ...agent, slowness: agent.slowness ?? paces.get(agent.id) ?? 1 }));
  const intended = tasks.map(({ id, needs, foundBy, demand, capability, pinnedTo }) => ({
    id,
    needs: foundBy !== undefined && known.has(foundBy) && foundBy !== id ? [...needs, foundBy] : needs,
    demand,
    ...(capability !== undefined && { capability }),
    ...(pinnedTo !== undefined && { agentId: pinnedTo }),
  }));
  const result = situationOf(intended, agents);
  if ("refused" in result) return result;
  const { work, fleet, problem } = result.situation;
  const numbers = new Map(agents.map(({ id }, number) => [id, number]));
  const sizesMs = tasks.map(({ agentId, workMs }, task) => {
    const pace =
      problem.paces[(problem.demands[task] ?? 0) * problem.agents + (numbers.get(agentId) ?? 0)] ?? 1;
    return workMs / (pace > 0 && pace < Number.POSITIVE_INFINITY ? pace : 1);
  });
  const prepared = prepare(
    {
      ...work,
      sizesMs,
      grown: tasks.map(({ foundBy }) => (foundBy === undefined ? 0 : 1)),
      releaseMs: tasks.map(({ addedMs = 0, foundBy }) => (foundBy === undefined ? addedMs : 0)),
    },
    {
      ...fleet,
      joinMs: agents.map(({ joinMs = 0 }) => joinMs),
      leaveMs: agents.map(({ leaveMs = Number.POSITIVE_INFINITY }) => leaveMs),
      taken: agents.flatMap(({ taken = [] }, agent) => taken.map((use) => ({ agent, ...use }))),
    },
  );
  if ("impossible" in prepared) {
    const { task, reason } = prepared.impossible;
    const taskId = tasks[task]?.id ?? "";
    return { refused: { taskId, reason, detail: `no agent that was there could do ${taskId} in time` } };
  }
  return { problem: prepared.problem, beliefs: beliefsThen(tasks, sizesMs) };
}

/**
 * Returns the beliefs of a plan at that time: the same for all tasks of a kind, apart from the sizes of
 * inputs. The expectation of each task was recorded at its assignment. The median of these represents the
 * belief.
 */
function beliefsThen(tasks: readonly RecordedTask[], sizesMs: readonly number[]): Beliefs {
  const usualMs = sizesMs.reduce((sum, sizeMs) => sum + sizeMs, 0) / Math.max(1, sizesMs.length);
  const nameOf = ({ demand, capability = demand }: RecordedTask) => capability;
  const kinds = [...Map.groupBy(tasks, nameOf)].map(([name, those]) => {
    const expected = those.flatMap(({ expectedMs = 0 }) => (expectedMs > 0 ? [expectedMs] : []));
    const bytes = medianOf(those.map(({ inputBytes = 0 }) => inputBytes));
    // A kind without an estimate was expected to be like the mean of all.
    return { name, bytes, medianMs: expected.length > 0 ? medianOf(expected) : usualMs };
  });
  const numbers = new Map(kinds.map(({ name }, number) => [name, number]));
  const kindOf = Uint32Array.from(tasks, (task) => numbers.get(nameOf(task)) ?? 0);
  return {
    mediansMs: Float64Array.from(tasks, ({ inputBytes = 0 }, task) => {
      const { bytes = 0, medianMs = usualMs } = kinds[kindOf[task] ?? 0] ?? {};
      return medianMs * (bytes > 0 && inputBytes > 0 ? Math.sqrt(inputBytes / bytes) : 1);
    }),
    kindVariance: Float64Array.from(tasks, ({ deviation = unknownDeviation }) => deviation ** 2 / 2),
    ownVariance: Float64Array.from(tasks, ({ deviation = unknownDeviation }) => deviation ** 2 / 2),
    kindOf,
  };
}
