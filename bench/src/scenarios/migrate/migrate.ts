import { connect, type Tutti } from "@tutti/sdk/client";
import { rounded } from "../../measure/statistics.ts";
import { startPlatform } from "../../processes/platform.ts";
import type { Result, Scenario } from "../../scenario.ts";
import { Caller } from "../rest/caller.ts";

const definition = `workflow: order
tasks:
  reserve: {set: {n: "\${{ input.n }}", items: [violin, bow]}}
  paid: {needs: [reserve], wait: {signal: paid}}
  ship: {needs: [paid], set: "\${{ tasks.reserve.output.n }}"}
`;
const versions = [definition, definition.replace("tasks:", "tasks:\n  check: {set: true}")] as const;
const connections = 64;
const runsPerSecond = 2_000;

/** Runs that wait are planned and moved to a version in which every task has another number, and back. */
export const migrate: Scenario = {
  name: "migrate",
  about: "active runs that are planned, and moved, to another version of their definition",
  goals: [{ line: { variant: "planned" }, figure: "runsPerMin", atLeast: 100_000, unit: "/min" }],
  brief: { rounds: 1, seconds: 1 },
  async *run({ rounds, seconds }) {
    await using platform = await startPlatform();
    await using tutti = await connect({ address: platform.grpc, callTimeoutMs: 600_000 });
    const count = Math.min(50_000, runsPerSecond * rounds * seconds);
    const { hash } = await tutti.register(versions[0]);
    await started(platform.http, count);
    await listed(tutti, count);
    await tutti.register(versions[1]);
    yield* moved(tutti, { to: "latest", map: {} });
    yield* moved(tutti, { to: hash, map: { check: "" } });
  },
};

async function started(http: string, count: number): Promise<void> {
  using caller = new Caller(http, connections);
  const start = (n: number) =>
    caller.must("POST", "/v1/runs", { definition: { name: "order" }, input: { n } });
  await Promise.all(Array.from({ length: count }, (_, n) => start(n)));
}

async function listed(tutti: Tutti, count: number): Promise<void> {
  for (;;) {
    let live = 0;
    for await (const { liveCount } of tutti.versions("order")) live += liveCount;
    if (live >= count) return;
  }
}

async function* moved(
  tutti: Tutti,
  move: { readonly to: string; readonly map: Readonly<Record<string, string>> },
): AsyncGenerator<Result> {
  const beganMs = performance.now();
  const plan = await tutti.preview({ move }, { definition: "order" });
  const plannedMs = performance.now() - beganMs;
  yield { variant: "planned", runs: plan.count, runsPerMin: rounded((60_000 * plan.count) / plannedMs) };
  const { done } = await plan.apply("bench");
  const ms = performance.now() - beganMs - plannedMs;
  yield { variant: "moved", runs: done, runsPerMin: rounded((60_000 * done) / ms) };
}
