/** Why a run, or a task of it, stands as it does; of what waits in a pool, what the pool knows as well. */
import type { poolService } from "@tutti/contracts/swarm/v1";
import { type Explanation, TaskStatus } from "@tutti/contracts/types/v1";
import type { ExplainRunRequest, Task } from "@tutti/contracts/workflow/v1";
import type { CallContext } from "@tutti/kernel";
import { explain, showTask } from "@tutti/machine-run";
import type { Client } from "@tutti/mesh";
import type { MachineDesk } from "../machine-calls.ts";
import { askRun } from "./desk.ts";

export interface ExplainDesk extends MachineDesk {
  readonly pools: Pick<Client<typeof poolService>, "explainPlacement">;
  /** In which namespace a pool is that runs of another one use. */
  readonly namespaceOfPool: (pool: string, namespace: string) => string;
}

/** Tasks of a run whose pools are asked, where it is the run that is explained. */
const askedMax = 5;
/** What the pool knows is not worth waiting longer for. */
const poolTimeoutMs = 2_000;

export async function explainRun(
  desk: ExplainDesk,
  { runId, taskId }: ExplainRunRequest,
  context: CallContext,
): Promise<Explanation> {
  const asked = { query: explain, body: { taskId } };
  const explanation = (await askRun(desk, runId, asked, context)) as Explanation;
  if (taskId !== "") return withPlacement(desk, explanation, context);
  const parts = await Promise.all(
    explanation.parts.map((part, place) =>
      place < askedMax ? withPlacement(desk, part, context) : Promise.resolve(part),
    ),
  );
  return { ...explanation, parts };
}

async function withPlacement(
  desk: ExplainDesk,
  explanation: Explanation,
  context: CallContext,
): Promise<Explanation> {
  const { about } = explanation;
  if (about === undefined) return explanation;
  const { id, task: taskId } = about;
  const task = (await askRun(desk, id, { query: showTask, body: { taskId } }, context)) as Task;
  const pool = atPool.has(task.status) ? (task.attempts.at(-1)?.pool ?? "") : "";
  if (pool === "") return explanation;
  const namespace = desk.namespaceOfPool(pool, context.namespace);
  // One that the pool does not know yet, or a pool that cannot be asked, leaves the run's own answer.
  const placed = await desk.pools
    .explainPlacement({ namespace, pool, work: about }, { context, timeoutMs: poolTimeoutMs })
    .catch(() => undefined);
  if (placed?.explanation === undefined) return explanation;
  const { summary, waits, candidates, remedies } = placed.explanation;
  return {
    ...explanation,
    summary: `${explanation.summary} ${summary}`,
    // What the run says of the pool says less.
    waits: waits.length > 0 ? waits : explanation.waits,
    candidates,
    remedies: [...explanation.remedies, ...remedies],
  };
}

const atPool: ReadonlySet<TaskStatus> = new Set([
  TaskStatus.TASK_STATUS_QUEUED,
  TaskStatus.TASK_STATUS_RUNNING,
  TaskStatus.TASK_STATUS_COMPENSATING,
]);
