/** What Tutti learns by itself: advice, models of durations, and a pool that is scaled. */
import { estimateService, RecordOutcomesRequest } from "@tutti/contracts/intelligence/v1";
import { toTimestamp } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import { OutsideClient } from "./outside-client.ts";
import type { Done } from "./provoked-work.ts";

const why = { reason: "test" };

/** What `provokeLearning` causes. */
export const learningEvents = [
  ...["made", "tried", "overtaken", "dismissed"].map((type) => `intelligence.recommendation.${type}`),
  ...["promoted", "dropped", "rolled_back"].map((type) => `intelligence.model.${type}`),
  "swarm.pool.scaled",
].map((type) => `tutti.${type}`);

/** @param address of the port of gRPC */
export async function provokeLearning(done: Done, address: string): Promise<void> {
  await provokeAdvice(done);
  await provokeModels(done, address);
  // The program is no agent. The platform ends it when it stops.
  const program = { command: ["sleep", "120"] };
  await done("POST", "/v1/scalers", { scalerId: "one", minAgents: 1, process: program });
}

/** Two pieces of advice about lists that wait for their slots: one is tried, and overtaken by a version of a user. */
async function provokeAdvice(done: Done): Promise<void> {
  const text = (name: string, ms: number) =>
    `workflow: ${name}\ntasks: {each: {forEach: "[1, 2, 3, 4]", maxParallel: 2, wait: ${ms}ms}}`;
  const idOf: Record<string, unknown> = {};
  for (const name of ["dismissed", "tried", "found"]) {
    await done("POST", "/v1/workflows", { text: text(name, 150) });
    const runs = Array.from({ length: 8 }, (_, at) => `${name}-${at}`);
    for (const runId of runs) await done("POST", "/v1/runs", { runId, definition: { name } });
    for (const runId of runs) await done("GET", `/v1/runs/${runId}/result?waitMs=20000`);
    const { recommendations } = await until(
      `advice about ${name}`,
      () => findAdvice(done, name),
      (reply) => reply.recommendations.length > 0,
    );
    idOf[name] = recommendations[0]?.recommendationId;
  }
  await done("POST", `/v1/advice/${idOf["dismissed"]}/dismiss`, why);
  await done("POST", `/v1/advice/${idOf["tried"]}/apply`, { percent: 50, ...why });
  // Nothing is found about a version without runs.
  await done("POST", "/v1/workflows", { text: text("found", 140) });
  await findAdvice(done, "found");
}

async function findAdvice(done: Done, subject: string) {
  return (await done("POST", "/v1/advice", { subject })) as {
    readonly recommendations: readonly { readonly recommendationId: string }[];
  };
}

/** A baseline beats the usual model, because there are two sorts of attempts. A user returns to it, and changes his mind. */
async function provokeModels(done: Done, address: string): Promise<void> {
  const outcomes = Array.from({ length: 300 }, (_, at) => ({
    subject: { capability: "stage.sorts", agentId: "hand" },
    runMs: ((at * 7) % 10 < 3 ? 20 : 1_000) + (at % 5),
    endTime: toTimestamp(1_767_225_600_000 + 60_000 * at),
  }));
  const batch = RecordOutcomesRequest.fromPartial({ instanceId: "test", batch: 1, outcomes });
  const { path, request } = estimateService.methods.recordOutcomes;
  using client = new OutsideClient(address);
  await client.firstReply(path, request.encode(batch));
  const model = "/v1/models/stage.sorts";
  await until(
    "the usual model to be dropped",
    () => done("GET", model),
    (reply) => JSON.stringify(reply).includes('"live":"median"'),
  );
  await done("POST", `${model}/rollback`, why);
  await done("POST", `${model}/promote`, { live: "median", ...why });
}
