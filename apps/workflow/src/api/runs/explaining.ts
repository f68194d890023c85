/** Why a run, or a task of it, stands as it does; of what waits in a pool, what the pool knows as well. */
import type { poolService } from "@tutti/contracts/swarm/v1";
import { type Explanation, TaskStatus } from "@tutti/contracts/types/v1";
import type { ExplainRunRequest, Task } from "@tutti/contracts/workflow/v1";
import type { MachineDesk } from "@tutti/host/serving";
import type { CallContext } from "@tutti/kernel";
import { explain, explainWhole, inWords, type Standing, showTask, type Whole } from "@tutti/machine-run";
import type { Client } from "@tutti/mesh";
import { askRun } from "./desk.ts";

export interface ExplainDesk extends MachineDesk {
  readonly pools: Pick<Client<typeof poolService>, "explainPlacement">;
  /** In which namespace a pool is that runs of another one use. */
  readonly namespaceOfPool: (pool: string, namespace: string) => string;
}

/** Groups of tasks of a run for which pools are asked, where it is the run that is explained. */
const askedMax = 10;
/** What the pool knows is not worth waiting longer for. */
const poolTimeoutMs = 2_000;

export async function explainRun(
  desk: ExplainDesk,
  { runId, taskId }: ExplainRunRequest,
  context: CallContext,
): Promise<Explanation> {
  if (taskId === "") return explainAll(desk, runId, context);
  const explanation = (await askRun(
    desk,
    runId,
    { query: explain, body: { taskId } },
    context,
  )) as Explanation;
  const placed = await placementOf(desk, explanation, context);
  return placed === undefined ? explanation : withPlacement(explanation, placed);
}

/** What a pool says of one task of a group holds for all of it. */
async function explainAll(desk: ExplainDesk, runId: string, context: CallContext): Promise<Explanation> {
  const asked = { query: explainWhole, body: undefined };
  const { lead, explanation, standings } = (await askRun(desk, runId, asked, context)) as Whole;
  const known = await Promise.all(
    standings.map((standing, place) =>
      place < askedMax ? withPool(desk, standing, context) : Promise.resolve(standing),
    ),
  );
  const remedies = known.flatMap(({ first }) => first?.remedies ?? []);
  const texts = new Set(explanation.remedies.map(({ text }) => text));
  return inWords({
    lead,
    explanation: {
      ...explanation,
      remedies: [
        ...explanation.remedies,
        ...remedies.filter(({ text }) => !texts.has(text) && texts.add(text)).slice(0, askedMax),
      ],
    },
    standings: known,
  });
}

async function withPool(desk: ExplainDesk, standing: Standing, context: CallContext): Promise<Standing> {
  const { first } = standing;
  const placed = first && (await placementOf(desk, first, context));
  if (first === undefined || placed === undefined) return standing;
  return { ...standing, wait: placed.waits[0], first: withPlacement(first, placed) };
}

/** What its pool says of a task that is there; undefined where it says nothing, or cannot be asked. */
async function placementOf(
  desk: ExplainDesk,
  { about }: Explanation,
  context: CallContext,
): Promise<Explanation | undefined> {
  if (about === undefined) return undefined;
  const { id, task: taskId } = about;
  const task = (await askRun(desk, id, { query: showTask, body: { taskId } }, context)) as Task;
  const pool = atPool.has(task.status) ? (task.attempts.at(-1)?.pool ?? "") : "";
  if (pool === "") return undefined;
  const namespace = desk.namespaceOfPool(pool, context.namespace);
  // One that the pool does not know yet leaves the run's own answer.
  const placed = await desk.pools
    .explainPlacement({ namespace, pool, work: about }, { context, timeoutMs: poolTimeoutMs })
    .catch(() => undefined);
  return placed?.explanation;
}

function withPlacement(
  explanation: Explanation,
  { summary, waits, candidates, remedies, parts, expectedStartTime }: Explanation,
): Explanation {
  return {
    ...explanation,
    summary: `${explanation.summary} ${summary}`,
    // What the run says of the pool says less.
    waits: waits.length > 0 ? waits : explanation.waits,
    candidates,
    remedies: [...explanation.remedies, ...remedies],
    // What hooks of the pool did, and when it would begin there.
    parts: [...explanation.parts, ...parts],
    expectedStartTime: expectedStartTime ?? explanation.expectedStartTime,
  };
}

const atPool: ReadonlySet<TaskStatus> = new Set([
  TaskStatus.TASK_STATUS_QUEUED,
  TaskStatus.TASK_STATUS_RUNNING,
  TaskStatus.TASK_STATUS_COMPENSATING,
]);
