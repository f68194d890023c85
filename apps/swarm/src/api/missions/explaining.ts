/** Explains the state of a mission or of one of its tasks, with the reasons of the pool of a waiting task. */
import type { BoardTask, ExplainMissionRequest } from "@tutti/contracts/swarm/v1";
import { type Explanation, TaskStatus } from "@tutti/contracts/types/v1";
import { placementOf, withPause, withPlacement, withRemedies } from "@tutti/host/serving";
import type { CallContext } from "@tutti/kernel";
import { explainMission, showBoardTasks } from "@tutti/machine-mission";
import { keyOf, type MissionDependencies, queryMission } from "./dependencies.ts";

/** Maximum of tasks whose pools are asked to explain a mission. */
const queriedMax = 10;

export async function explain(
  dependencies: MissionDependencies,
  { missionId, taskId }: ExplainMissionRequest,
  context: CallContext,
): Promise<Explanation> {
  const call = { query: explainMission, body: { taskId } };
  const explanation = (await queryMission(dependencies, missionId, call, context)) as Explanation;
  const statuses = [TaskStatus.TASK_STATUS_QUEUED, TaskStatus.TASK_STATUS_RUNNING];
  const body = { statuses, claimedBy: "", parentTaskId: "", text: taskId, from: 0, size: 1_000 };
  const { tasks } = await queryMission(dependencies, missionId, { query: showBoardTasks, body }, context);
  const offered = tasks.filter(({ spec }) => taskId === "" || spec?.id === taskId).slice(0, queriedMax);
  const placed = await Promise.all(offered.map((task) => placedAt(dependencies, missionId, task, context)));
  const key = keyOf(context.namespace, missionId);
  const refused = offered
    .filter(({ claim, status }) => claim === undefined && status === TaskStatus.TASK_STATUS_QUEUED)
    .map((task) => dependencies.refusedJoins.explain(key, task));
  if (taskId !== "") {
    const withPlacements = placed.reduce<Explanation>(withPlacement, explanation);
    return withPause(dependencies, key, refused.reduce<Explanation>(withRefusal, withPlacements));
  }
  const remedies = [...refused, ...placed].flatMap((each) => each?.remedies ?? []);
  return withPause(dependencies, key, withRemedies(explanation, remedies));
}

/** Returns the explanation of the pool for an unclaimed task. */
async function placedAt(
  dependencies: MissionDependencies,
  missionId: string,
  { spec, claim, readyTime: queueTime, status }: BoardTask,
  context: CallContext,
): Promise<Explanation | undefined> {
  if (claim !== undefined || spec === undefined) return undefined;
  const pool = spec.placement?.pool || "default";
  const work = { namespace: context.namespace, kind: "mission", id: missionId, task: spec.id };
  const waits = status === TaskStatus.TASK_STATUS_QUEUED;
  return await placementOf(dependencies, pool, { work, queueTime, waits }, context);
}

/** Adds the refusal. The explanation of the mission stays true: other agents may take part. */
function withRefusal(explanation: Explanation, refused: Explanation | undefined): Explanation {
  if (refused === undefined) return explanation;
  const { summary, waits, remedies } = refused;
  return {
    ...withRemedies(explanation, remedies),
    summary: `${explanation.summary}; ${summary}`,
    waits: [...explanation.waits, ...waits],
  };
}
