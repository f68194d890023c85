/** Agents of other systems, by the Agent2Agent protocol, as durable functions of a worker. */
import type { Json } from "@tutti/expressions";
import { systemClock, systemTimers } from "@tutti/kernel";
import type { FunctionContext } from "../functions/context.ts";
import { type DurableFunction, type DurableOptions, durable } from "../functions/durable.ts";
import { StepFailure } from "../functions/failure.ts";
import type { ApproveOptions } from "../functions/step-options.ts";
import { type A2aBudget, budgetOf, usedUp } from "./budget.ts";
import {
  type A2aAgentOptions,
  A2aClient,
  type A2aPorts,
  type A2aTask,
  hasEnded,
  needsInput,
} from "./client.ts";
import { a2aErrors } from "./errors.ts";

export type { A2aAgentOptions, A2aPorts } from "./client.ts";
export { a2aErrors } from "./errors.ts";

const followMs = 30_000;
const pauseMaxS = 60;
/** Changes of the status that are followed without a pause. */
const quickRounds = 20;
const retry = { attempts: 10, backoff: "1s..1m", on: ["a2a.unreachable"] } as const;

/**
 * Makes an agent of another system a durable function `a2a.NAME`. Pass it to `worker.durable`, and start it as any
 * workflow. The input is the message, and the output is the result of the agent. The function follows the agent's task by
 * its id, also after a crash of the worker and the platform.
 */
export function a2aAgent(
  name: string,
  options: A2aAgentOptions & DurableOptions,
  ports: Partial<A2aPorts> = {},
): DurableFunction {
  const { url, headers, keys, metadata, ...ofFunction } = options;
  const agent = {
    url,
    ...(headers !== undefined && { headers }),
    ...(keys !== undefined && { keys }),
    ...(metadata !== undefined && { metadata }),
  };
  const client = new A2aClient(name, agent, { fetch, timers: systemTimers, clock: systemClock, ...ports });
  return durable(`a2a.${name}`, (ctx, input) => delegated(ctx, name, client, input), ofFunction);
}

async function delegated(
  ctx: FunctionContext,
  name: string,
  client: A2aClient,
  input: unknown,
): Promise<Json> {
  const messageId = ctx.uuid();
  const parts = partsOf(input);
  const signal = () => ctx.task.signal;
  const startMs = ctx.now().getTime();
  const { budget = {}, ...first } = await ctx.run(
    "send",
    async (): Promise<A2aTask & { readonly budget?: A2aBudget | undefined }> => {
      const lent = budgetOf(ctx.left);
      const exhausted = usedUp(lent ?? {}, undefined, 0);
      if (exhausted !== undefined) throw a2aErrors.budgetUsedUp({ agent: name, used: exhausted });
      const sent = await client.send({ messageId, parts, budget: lent }, signal());
      return { ...counted(ctx, undefined, sent), budget: lent };
    },
    { retry },
  );
  let task: A2aTask = first;
  // It also runs when the function fails. A task that has ended does not change.
  if (task.id !== "" && !hasEnded(task)) ctx.compensate("cancel", () => client.cancel(task.id));
  for (let [unchangedPolls, rounds] = [0, 0]; !hasEnded(task); rounds++) {
    const before = task;
    const passedMs = ctx.now().getTime() - startMs;
    const used = usedUp(budget, task.used, passedMs);
    if (used !== undefined) throw a2aErrors.budgetUsedUp({ agent: name, used });
    const remainingMs = (budget.timeMs ?? Number.POSITIVE_INFINITY) - passedMs;
    ctx.log.info(`${name}: ${task.state}`, { text: task.text, taskId: task.id });
    if (needsInput(task)) task = await answered(ctx, name, client, task);
    else if (unchangedPolls === 0) {
      // An agent may change its status without end.
      if (rounds >= quickRounds) await ctx.sleep(`${Math.min(pauseMaxS, rounds - quickRounds + 1)}s`);
      const forMs = Math.min(followMs, remainingMs);
      const follow = async () => counted(ctx, before, await client.follow(before, forMs, signal()));
      task = await ctx.run("follow", follow, { retry });
    } else {
      // The task takes long: wait without a slot of the worker.
      await ctx.sleep(
        `${Math.ceil(Math.min(pauseMaxS * 1_000, 2 ** unchangedPolls * 1_000, remainingMs))}ms`,
      );
      const poll = async () => counted(ctx, before, await client.get(before.id, signal()));
      task = await ctx.run("look", poll, { retry });
    }
    unchangedPolls = task.state === before.state && task.text === before.text ? unchangedPolls + 1 : 0;
  }
  if (task.state !== "COMPLETED") {
    const text = task.text || "no reason was given";
    throw a2aErrors.taskFailed({ agent: name, state: task.state.toLowerCase(), text });
  }
  return task.output;
}

/** Counts the agent's use since an earlier step. A reported use below the earlier one is ignored. */
function counted(ctx: FunctionContext, before: A2aTask | undefined, task: A2aTask): A2aTask {
  const { tokens, usd } = before?.used ?? { tokens: 0, usd: 0 };
  const used = { tokens: Math.max(tokens, task.used?.tokens ?? 0), usd: Math.max(usd, task.used?.usd ?? 0) };
  ctx.task.use({ tokens: used.tokens - tokens, money: used.usd - usd });
  return { ...task, used };
}

type Decided = { readonly data?: Json } | null;

/** Opens an approval for the question of an agent. The answer is the next message to the agent. */
async function answered(
  ctx: FunctionContext,
  name: string,
  client: A2aClient,
  task: A2aTask,
): Promise<A2aTask> {
  const question = typeof task.question === "object" && !Array.isArray(task.question) ? task.question : null;
  const { approvalId, runId, form } = (question ?? {}) as Readonly<Record<string, Json | undefined>>;
  const asked = approvalId === undefined ? undefined : { approvalId, ...(runId !== undefined && { runId }) };
  const isForm = typeof form === "object" && form !== null && !Array.isArray(form);
  const decision = ctx.approve<Decided>({
    id: "ask",
    title: `Questions of the agent ${name}`,
    message: task.text || "It needs an answer to continue.",
    ...(task.question !== null && { context: task.question }),
    form: isForm
      ? (form as NonNullable<ApproveOptions["form"]>)
      : { type: "object", properties: { text: { type: "string" } } },
  });
  const parts = await decision.then(
    (decided) => answerOf(decided?.data ?? null, asked),
    (error: unknown) => {
      // An agent of Tutti receives the rejection. The task of any other agent is cancelled.
      if (asked === undefined || !(error instanceof StepFailure)) throw error;
      return [{ data: { verdict: "rejected", ...asked } }];
    },
  );
  const messageId = ctx.uuid();
  const answer = async () => {
    const { signal } = ctx.task;
    // After a crash the agent may have the answer already.
    const present = await client.get(task.id, signal);
    const sent = asksTheSame(task, present) ? await client.send({ messageId, parts, task }, signal) : present;
    return counted(ctx, task, sent);
  };
  const sent = await ctx.run("answer", answer, { retry });
  return sent.id === "" ? { ...sent, id: task.id } : sent;
}

/** Returns whether a task still asks its question. The text of a question may change, and its id does not. */
function asksTheSame(before: A2aTask, present: A2aTask): boolean {
  if (!needsInput(present)) return false;
  const [id, otherId] = [before, present].map(({ question, text }) => {
    const { approvalId, runId } = (question ?? {}) as { readonly approvalId?: Json; readonly runId?: Json };
    return JSON.stringify(approvalId === undefined ? [text, question] : [approvalId, runId]);
  });
  return id === otherId;
}

function answerOf(data: Json, asked: Readonly<Record<string, Json>> | undefined): readonly Json[] {
  if (asked !== undefined)
    return [{ data: { verdict: "approved", ...asked, ...(data !== null && { data }) } }];
  const { text, ...more } = (typeof data === "object" && data !== null ? data : {}) as {
    readonly text?: Json;
  };
  if (typeof text === "string" && Object.keys(more).length === 0) return [{ text }];
  return data === null ? [{ text: "approved" }] : [{ data }];
}

function partsOf(input: unknown): readonly Json[] {
  return [typeof input === "string" ? { text: input } : { data: (input ?? null) as Json }];
}
