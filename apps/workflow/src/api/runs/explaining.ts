/** Explains the state of a run or of one of its tasks, with the reasons of the pool of a waiting task. */
import { type Explanation, type Payload, TaskStatus, WaitCause } from "@tutti/contracts/types/v1";
import { type ExplainRunRequest, type Task, TaskKind } from "@tutti/contracts/workflow/v1";
import {
  isOffered,
  type MachineDependencies,
  type PlacementDependencies,
  placementOf,
  withPause,
  withPlacement,
  withRemedies,
} from "@tutti/host/serving";
import { agentFunction, type CallContext } from "@tutti/kernel";
import {
  explain,
  explainGroups,
  explanationOf,
  type RunExplanation,
  showTask,
  type TaskGroup,
} from "@tutti/machine-run";
import { dataOfPayload, parsed } from "@tutti/machine-work";
import { keyOf, queryRun, type RunDependencies, runNamed } from "./dependencies.ts";

export interface ExplainDependencies
  extends MachineDependencies,
    PlacementDependencies,
    Pick<RunDependencies, "orders"> {}

/** Maximum of groups of tasks whose pools are asked to explain a run. */
const queriedMax = 10;

export async function explainRun(
  dependencies: ExplainDependencies,
  { runId, taskId }: ExplainRunRequest,
  context: CallContext,
): Promise<Explanation> {
  const key = keyOf(context.namespace, runId);
  if (taskId === "") return withPause(dependencies, key, await explainAll(dependencies, runId, context));
  const explanation = (await queryRun(
    dependencies,
    runId,
    { query: explain, body: { taskId } },
    context,
  )) as Explanation;
  return withPause(
    dependencies,
    key,
    withPlacement(explanation, await placedAt(dependencies, explanation, context)),
  );
}

/** Explains a group of tasks. The explanation of a pool for one task of a group is valid for all. */
async function explainAll(
  dependencies: ExplainDependencies,
  runId: string,
  context: CallContext,
): Promise<Explanation> {
  const call = { query: explainGroups, body: undefined };
  const { lead, explanation, taskGroups } = (await queryRun(
    dependencies,
    runId,
    call,
    context,
  )) as RunExplanation;
  const known = await Promise.all(
    taskGroups.map((group, place) =>
      place < queriedMax ? withPool(dependencies, group, context) : Promise.resolve(group),
    ),
  );
  const isPaused = dependencies.runtime.pauseOf(keyOf(context.namespace, runId)) !== undefined;
  const remedies = known.flatMap(({ first }) => first?.remedies ?? []);
  return explanationOf({
    lead,
    explanation: withRemedies(explanation, remedies, queriedMax),
    taskGroups: isPaused ? known.map(afterRelease) : known,
  });
}

/** The installation starts an offered task after its release. */
function afterRelease(group: TaskGroup): TaskGroup {
  const { wait } = group;
  if (wait === undefined || !isOffered(wait)) return group;
  const { WAIT_CAUSE_PAUSED: cause } = WaitCause;
  return { ...group, wait: { ...wait, cause, subject: "", message: "the installation is paused" } };
}

async function withPool(
  dependencies: ExplainDependencies,
  group: TaskGroup,
  context: CallContext,
): Promise<TaskGroup> {
  const { first } = group;
  const placed = first && (await placedAt(dependencies, first, context));
  if (first === undefined || placed === undefined) return group;
  // A pool includes past waits. A running task waits for nothing.
  const wait = placed.waits.find(({ present }) => present) ?? group.wait;
  return { ...group, wait, first: withPlacement(first, placed) };
}

/** Returns the explanation of the pool for a queued task. */
async function placedAt(
  dependencies: ExplainDependencies,
  { about }: Explanation,
  context: CallContext,
): Promise<Explanation | undefined> {
  if (about === undefined) return undefined;
  const { id, task: taskId } = about;
  const task = (await queryRun(dependencies, id, { query: showTask, body: { taskId } }, context)) as Task;
  const { pool = "", queueTime } = (atPool.has(task.status) && task.attempts.at(-1)) || {};
  const waits = task.status === TaskStatus.TASK_STATUS_QUEUED;
  if (pool === "") return undefined;
  const found = await placementOf(dependencies, pool, { work: about, queueTime, waits }, context);
  const placed = found && waits && task.uses === agentFunction ? withProvider(found, task) : found;
  const isPinned = task.kind === TaskKind.TASK_KIND_FUNCTION && task.uses.includes("@");
  return placed !== undefined && isPinned && waits && placed.waits.some(isWithoutWorker)
    ? await withMove(dependencies, id, placed, context)
    : placed;
}

/** Providers of models that variables of the environment set. The remedy of a pool names these variables. */
const ofEnvironment: ReadonlySet<string> = new Set(["anthropic", "openai", "openai-compatible", "local"]);

/** Names the provider of the model of an agent without a worker, if no variable sets that provider. */
function withProvider(placed: Explanation, { input }: Task): Explanation {
  const provider = providerOf(input);
  if (provider === undefined || ofEnvironment.has(provider)) return placed;
  const text = `start a worker with \`agents({ providers: { ${provider}: … } })\` of @tutti/sdk/agents, or add the provider ${provider} to the setting \`agents.providers\``;
  const remedies = placed.remedies.map((remedy) =>
    remedy.text.includes("`agents()`") ? { text, command: "" } : remedy,
  );
  return { ...placed, remedies };
}

/** Returns the provider of the model, such as \`anthropic\`. Undefined if the input cannot be read here. */
function providerOf(input: Payload | undefined): string | undefined {
  try {
    const { model } = parsed(dataOfPayload(input)) as { readonly model?: unknown };
    const [, provider] = typeof model === "string" ? (/^([\w-]{1,60}):/.exec(model) ?? []) : [];
    return provider;
  } catch {
    return undefined;
  }
}

function isWithoutWorker({ cause, present }: Explanation["waits"][number]): boolean {
  return present && cause === WaitCause.WAIT_CAUSE_NO_CAPABILITY;
}

/** Adds a remedy: a function without workers may continue on a version with the same code so far. */
async function withMove(
  dependencies: ExplainDependencies,
  runId: string,
  placed: Explanation,
  context: CallContext,
): Promise<Explanation> {
  const { spec, definitionHash } = await runNamed(dependencies, runId, { withPayloads: false }, context);
  if (spec?.what?.$case !== "definition") return placed;
  const { name } = spec.what.value;
  const reference = { name, version: undefined };
  const newest = await dependencies.orders.version(reference, undefined, context).catch(() => undefined);
  if (newest === undefined || newest.hash === definitionHash) return placed;
  const text = `move the run to the latest version of ${name}`;
  return withRemedies(placed, [{ text, command: `tutti workflow migrate ${name} --only ${runId}` }]);
}

const atPool: ReadonlySet<TaskStatus> = new Set([
  TaskStatus.TASK_STATUS_QUEUED,
  TaskStatus.TASK_STATUS_RUNNING,
  TaskStatus.TASK_STATUS_COMPENSATING,
]);
