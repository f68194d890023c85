/** Processor time of all platform threads to add one more object, by the number of existing objects. */
import { silentLogger } from "@tutti/kernel";
import { Worker } from "@tutti/sdk";
import { connect } from "@tutti/sdk/client";
import { startPlatform } from "../../processes/platform.ts";
import { started, treeCpuMs } from "../../processes/tree.ts";
import type { Point } from "./curve.ts";

type Tutti = Awaited<ReturnType<typeof connect>>;

export interface Growing {
  readonly name: string;
  /** Adds the object with this number, and resolves when it is durable. */
  readonly add: (tutti: Tutti, number: number, at: string) => Promise<unknown>;
}

const waiting = "workflow: waiting\ntasks: {go: {wait: {signal: go}}}\n";
const concurrency = 32;
/** Measured share of a reached size, in parts. The cheapest part counts, because other programs use the caches too. */
const share = 0.3;
const parts = 3;

export const growing: readonly Growing[] = [
  { name: "waiting runs", add: (tutti, number) => tutti.run("waiting", { id: `run-${number}` }) },
  {
    name: "sessions",
    // One session has the only slot, the others wait.
    add: (tutti, number) =>
      tutti.sessions.start({
        id: `session-${number}`,
        mode: "workflow",
        tasks: [{ id: "go", uses: "bench.held" }],
      }),
  },
  {
    name: "schedules",
    add: (tutti, number) => tutti.schedules.create(`schedule-${number}`, "waiting", { cron: "0 0 1 1 *" }),
  },
  {
    name: "namespaces",
    add: async (_, number, address) => {
      await using other = await connect({ address, namespace: `namespace-${number}` });
      await other.workflows.register(waiting);
      await other.run("waiting", { id: "run" });
    },
  },
];

/** Measures sizes in ascending order. Each is reached first, and then measured by adding more. */
export async function curveOf({ add }: Growing, sizes: readonly number[]): Promise<readonly Point[]> {
  const { value: platform, roots } = await started(() => startPlatform());
  await using _ = platform;
  await using tutti = await connect({ address: platform.grpc });
  await tutti.workflows.register(waiting);
  const gate = Promise.withResolvers<void>();
  const worker = new Worker(
    { address: platform.grpc, slots: 1, handleSignals: false },
    { logger: silentLogger },
  );
  worker.handle("bench.held", () => gate.promise);
  await worker.start();
  await using stack = new AsyncDisposableStack();
  stack.defer(() => worker.stop());
  stack.defer(() => gate.resolve());
  let next = 0;
  const addUntil = async (end: number): Promise<void> => {
    const adding = async (): Promise<void> => {
      while (next < end) await add(tutti, next++, platform.grpc);
    };
    await Promise.all(Array.from({ length: concurrency }, adding));
  };
  const points: Point[] = [];
  for (const size of sizes) {
    await addUntil(size);
    const added = Math.ceil((size * share) / parts);
    let usPerItem = Number.POSITIVE_INFINITY;
    for (let part = 1; part <= parts; part++) {
      const before = treeCpuMs(roots);
      await addUntil(size + part * added);
      usPerItem = Math.min(usPerItem, ((treeCpuMs(roots) - before) * 1_000) / added);
    }
    points.push({ size, usPerItem });
  }
  return points;
}
