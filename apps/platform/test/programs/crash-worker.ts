/**
 * A worker of the crash matrix in a process of its own: `crash-worker.ts '{"address":[…],"agentId":"steady",…}'`.
 *
 * 1. Each attempt appends one line to the log of effects before it does anything else, and one line at its end.
 * 2. The steady worker is never killed: each of its lines is an effect that must occur once. The mortal worker is
 *    killed.
 */
import { appendFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { silentLogger } from "@tutti/kernel";
import { type Decision, type Question, SessionOrchestrator, type TaskContext, Worker } from "@tutti/sdk";

interface Settings {
  readonly address: readonly string[];
  readonly agentId: string;
  readonly effects: string;
  readonly isMortal: boolean;
}

interface Input {
  readonly tag: string;
  /** Attempts of one group share a concurrency limit. */
  readonly group?: string;
  readonly takesMs?: number;
  readonly of?: readonly number[];
}

const settings: Settings = JSON.parse(process.argv[2] ?? "{}");
const { address, agentId, isMortal } = settings;

function write(kind: "start" | "end", { tag, group = "" }: Input, context: TaskContext): void {
  const { workId: work, taskId: task, attempt, idempotencyKey: key } = context;
  appendFileSync(
    settings.effects,
    `${JSON.stringify({ kind, tag, group, work, task, attempt, key, agentId, atMs: Date.now() })}\n`,
  );
}

async function effect(input: Input, context: TaskContext): Promise<void> {
  write("start", input, context);
  await pause(input.takesMs ?? 20);
  write("end", input, context);
}

class Eager extends SessionOrchestrator {
  protected override async decide({ tasks }: Question): Promise<Decision> {
    await pause(50);
    return { start: tasks.filter(({ isReady }) => isReady).map(({ id }) => id), reason: "ready tasks" };
  }
}

const resources = { gpu: 4 };
const worker = new Worker(
  { address, agentId, slots: 24, handleSignals: false, ...(!isMortal && { resources }) },
  { logger: silentLogger },
);
if (isMortal) {
  worker.handle("crash.mortal", async (input: Input, context) => {
    await effect(input, context);
    return input.tag;
  });
  await new Eager("crash.eager", { address, agentId: `${agentId}-orchestrator` }).start();
} else {
  // A plan is rejected while no worker offers the capabilities that it names, so this worker has both.
  worker.handle("tutti.plan", async () => [
    { id: "one", capability: "crash.one" },
    { id: "two", capability: "crash.one", needs: [{ task: "one" }] },
  ]);
  worker.handle("crash.one", async (_: unknown, context) => {
    await effect({ tag: `goal ${context.workId}/${context.taskId}` }, context);
    return 1;
  });
  worker.handle("crash.step", async (input: Input, context) => {
    await effect(input, context);
    return input.tag;
  });
  worker.handle("crash.sum", async (input: Input, context) => {
    await effect(input, context);
    return (input.of ?? []).reduce((sum, each) => sum + each, 1);
  });
  worker.handle("crash.spend", async (input: Input, context) => {
    await effect(input, context);
    context.use({ tokens: 3 });
    return 1;
  });
  worker.handle("crash.refuse", async (input: Input, context) => {
    await effect(input, context);
    throw new Error(`${input.tag} is refused`);
  });
}
await worker.start();
console.log("linked");
