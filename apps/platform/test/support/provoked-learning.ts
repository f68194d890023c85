/** Provokes the events of learning: advice, models of durations, and a scaled pool. */
import { estimateService, RecordOutcomesRequest } from "@tutti/contracts/intelligence/v1";
import { toTimestamp } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import { OutsideClient } from "./outside-client.ts";
import type { Done } from "./provoked-work.ts";

const reasonBody = { reason: "test" };

/** The events that `provokeLearning` causes. */
export const learningEvents = [
  ...["made", "tried", "overtaken", "dismissed"].map((type) => `intelligence.recommendation.${type}`),
  ...["promoted", "dropped", "rolled_back"].map((type) => `intelligence.model.${type}`),
  "swarm.pool.scaled",
].map((type) => `tutti.${type}`);

/** @param address address of the gRPC port */
export async function provokeLearning(done: Done, address: string): Promise<void> {
  await provokeAdvice(done);
  await provokeModels(done, address);
  // The program is no agent. The platform ends it at its own stop.
  const program = { command: ["sleep", "120"] };
  await done("POST", "/v1/scalers", { scalerId: "one", minAgents: 1, process: program });
}

/** Provokes three recommendations about lists that wait for slots: dismissed, tried, and overtaken by a new version. */
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
  await done("POST", `/v1/advice/${idOf["dismissed"]}/dismiss`, reasonBody);
  await done("POST", `/v1/advice/${idOf["tried"]}/apply`, { percent: 50, ...reasonBody });
  // No recommendation exists for a version without runs.
  await done("POST", "/v1/workflows", { text: text("found", 140) });
  await findAdvice(done, "found");
}

async function findAdvice(done: Done, subject: string) {
  return (await done("POST", "/v1/advice", { subject })) as {
    readonly recommendations: readonly { readonly recommendationId: string }[];
  };
}

/** Provokes a promotion, because with two kinds of attempts the median beats the default model. Then rolls it back. */
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
  await done("POST", `${model}/rollback`, reasonBody);
  await done("POST", `${model}/promote`, { live: "median", ...reasonBody });
}
