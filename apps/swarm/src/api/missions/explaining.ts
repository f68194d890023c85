/** Why a mission, or a task of it, stands as it does; of what waits in a pool, what the pool knows as well. */
import type { BoardTask, ExplainMissionRequest } from "@tutti/contracts/swarm/v1";
import { type Explanation, TaskStatus } from "@tutti/contracts/types/v1";
import type { CallContext } from "@tutti/kernel";
import { explainMission, showBoardTasks } from "@tutti/machine-mission";
import { askMission, type MissionDesk } from "./desk.ts";

/** Tasks that wait for which pools are asked, where it is the mission that is explained. */
const askedMax = 10;
/** What the pool knows is not worth waiting longer for. */
const poolTimeoutMs = 2_000;

export async function explain(
  desk: MissionDesk,
  { missionId, taskId }: ExplainMissionRequest,
  context: CallContext,
): Promise<Explanation> {
  const asked = { query: explainMission, body: { taskId } };
  const explanation = (await askMission(desk, missionId, asked, context)) as Explanation;
  const statuses = [TaskStatus.TASK_STATUS_QUEUED, TaskStatus.TASK_STATUS_RUNNING];
  const body = { statuses, claimedBy: "", parentTaskId: "", text: taskId, from: 0, size: 1_000 };
  const { tasks } = await askMission(desk, missionId, { query: showBoardTasks, body }, context);
  const offered = tasks.filter(({ spec }) => taskId === "" || spec?.id === taskId).slice(0, askedMax);
  const placed = await Promise.all(offered.map((task) => placementOf(desk, missionId, task, context)));
  return placed.reduce<Explanation>((known, one) => withPlacement(known, one, taskId !== ""), explanation);
}

/** What its pool says of a task that is there; undefined where it says nothing, or cannot be asked. */
async function placementOf(
  desk: MissionDesk,
  missionId: string,
  { spec, claim }: BoardTask,
  context: CallContext,
): Promise<Explanation | undefined> {
  if (claim !== undefined || spec === undefined) return undefined;
  const { namespace } = context;
  const pool = spec.placement?.pool || "default";
  const work = { namespace, kind: "mission", id: missionId, task: spec.id };
  const request = { namespace: desk.namespaceOfPool(pool, namespace), pool, work };
  // One that the pool does not know leaves the mission's own answer.
  const reply = await desk.pools
    .explainPlacement(request, { context, timeoutMs: poolTimeoutMs })
    .catch(() => undefined);
  return reply?.explanation;
}

function withPlacement(
  explanation: Explanation,
  placed: Explanation | undefined,
  isOfTask: boolean,
): Explanation {
  if (placed === undefined) return explanation;
  const { summary, waits, candidates, remedies } = placed;
  const known = new Set(explanation.remedies.map(({ text }) => text));
  const more = remedies.filter(({ text }) => !known.has(text));
  if (!isOfTask) return { ...explanation, remedies: [...explanation.remedies, ...more] };
  return {
    ...explanation,
    summary: `${explanation.summary} ${summary}`,
    // What the mission says of the pool says less.
    waits: waits.length > 0 ? waits : explanation.waits,
    candidates,
    remedies: [...explanation.remedies, ...more],
  };
}
