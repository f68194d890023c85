/** What a session would have cost in other modes: its tasks with the times they took, through the schedulers of the engines. */
import {
  type CompareModesReply,
  type CompareModesRequest,
  type Counterfactual,
  Mode,
} from "@tutti/contracts/session/v1";
import { type TaskSpec, TaskStatus } from "@tutti/contracts/types/v1";
import type { CallContext } from "@tutti/kernel";
import { modeName, type SessionView, showWork, type TaskView } from "@tutti/machine-session";
import { modes, type PartMode, type Mode as PlannedMode, type RecordedTask, replay } from "@tutti/planner";
import { anybody, demandOf } from "@tutti/sessions";
import { sessionServiceErrors } from "../../sessions/errors.ts";
import { askSession, type SessionDesk } from "./desk.ts";

export async function compareModes(
  desk: SessionDesk,
  { sessionId, modes: wanted }: CompareModesRequest,
  context: CallContext,
): Promise<CompareModesReply> {
  const view = await askSession(desk, sessionId, { query: showWork, body: undefined }, context);
  const problem = problemOf(view);
  if (problem !== undefined) throw sessionServiceErrors.modesNotCompared({ id: sessionId, problem });
  const pool = view.order?.spec?.pool ?? "";
  const tasks = view.tasks.map((task) => recorded(view, task, pool));
  const session = {
    mode: modeName(view.mode) as PlannedMode,
    realMs: view.endMs - view.beginMs,
    tasks,
    agents: agentsIn(tasks),
  };
  const compared = modes.filter(
    (mode) => wanted.length === 0 || wanted.some((each) => modeName(each) === mode),
  );
  const made = replay(session, compared);
  if ("refused" in made)
    throw sessionServiceErrors.modesNotCompared({ id: sessionId, problem: made.refused.detail });
  return { modes: made.modes.map(shown), trustworthy: made.trustworthy, assumptions: made.assumptions };
}

function problemOf({ endMs, tasks, mode }: SessionView): string | undefined {
  if (endMs === 0) return "it has not ended";
  if (mode === Mode.MODE_CUSTOM) return "it was done by an orchestrator of its user";
  const undone = tasks.find(({ status }) => status !== TaskStatus.TASK_STATUS_COMPLETED);
  if (undone !== undefined) return `${undone.spec.id} was not done`;
  const unseen = tasks.find(({ agent, startMs }) => agent === "" || startMs === 0);
  return unseen === undefined ? undefined : `nobody knows which agent did ${unseen.spec.id}`;
}

function recorded(view: SessionView, task: TaskView, pool: string): RecordedTask {
  const { spec, agent, startMs, endMs, plannedStartMs, plannedEndMs, part } = task;
  const expectedMs = plannedEndMs - plannedStartMs || spec.estimate?.durationMs || 0;
  return {
    ...{ id: spec.id, needs: spec.needs.map(({ task: id }) => id), demand: demandOf(spec as TaskSpec, pool) },
    ...(spec.work?.$case === "capability" && { capability: spec.work.value }),
    ...{ agentId: agent, workMs: Math.max(0, endMs - startMs) },
    ...{ startMs: startMs - view.beginMs, endMs: endMs - view.beginMs, repeatable: spec.mayBeDoubled },
    ...(expectedMs > 0 && { expectedMs }),
    partMode: modeName(view.parts[part]?.mode ?? view.mode) as PartMode,
  };
}

/** Those that did something, with as many slots as they used at once. */
function agentsIn(tasks: readonly RecordedTask[]) {
  const demands = new Set([anybody, ...tasks.map(({ demand }) => demand)]);
  const byAgent = Map.groupBy(tasks, ({ agentId }) => agentId);
  return [...byAgent].map(([id, those]) => {
    const moments = those.flatMap(({ startMs, endMs }) => [
      { ms: startMs, by: 1 },
      { ms: endMs, by: -1 },
    ]);
    moments.sort((one, other) => one.ms - other.ms || one.by - other.by);
    let now = 0;
    let slots = 1;
    for (const { by } of moments) {
      now += by;
      slots = Math.max(slots, now);
    }
    return { id, slots, meets: demands };
  });
}

const numbers: Readonly<Record<PlannedMode, Mode>> = {
  workflow: Mode.MODE_WORKFLOW,
  swarm: Mode.MODE_SWARM,
  intelligence: Mode.MODE_INTELLIGENCE,
  hybrid: Mode.MODE_HYBRID,
};

function shown({
  mode,
  simulatedUse,
  ...counterfactual
}: Extract<ReturnType<typeof replay>, { modes: unknown }>["modes"][number]): Counterfactual {
  return { ...counterfactual, mode: numbers[mode], simulatedUse: { tokens: 0, ...simulatedUse } };
}
