/** A cache whose process is killed: tasks compute without it, and show why. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { silentLogger } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import { natsServerProgram } from "@tutti/nats/testing";
import { Client } from "@tutti/rest/client";
import { Worker } from "@tutti/sdk";
import { connect } from "@tutti/sdk/client";
import { commandProgram } from "../../../tools/fronts.mjs";
import { joinPlatform, partitions, startSharedServer } from "./support/cluster.ts";
import { TestProcess } from "./support/process.ts";
import { makeFolder, type Service } from "./support/services.ts";

const program = await natsServerProgram();
/** Enough that some have their run in one process, and their entry of the cache in the other one. */
const runs = 24;
const workflow = `workflow: looked
tasks:
  go: {wait: {signal: go}}
  look: {uses: cache.look, needs: [go], with: {n: "\${{ input.n }}"}, cache: 1h}
output: "\${{ tasks.look.output }}"
`;

it("of a killed process does not hold tasks back, which show that it did not reply", {
  skip: program.skip,
}, async () => {
  await using server = await startSharedServer();
  await using folder = await makeFolder();
  // Longer than a task waits for the cache.
  const join = (name: string) => joinPlatform(server, folder, name, "--ownership.leaseMs=10000");
  await using first = await join("first");
  await using second = await join("second");
  const owned = ({ lines }: Service) =>
    lines.filter(
      ({ msg, ...line }) => msg === "a partition is owned here" && line["service_"] === "workflow",
    );
  await until("half of the partitions", () => owned(second).length >= partitions / 2);
  await using tutti = await connect({ address: first.grpc });
  await using stack = new AsyncDisposableStack();
  const worker = new Worker(
    { address: first.grpc, slots: runs, handleSignals: false },
    { logger: silentLogger },
  );
  worker.handle("cache.look", async ({ n }: { readonly n: number }) => n);
  await worker.start();
  stack.defer(() => worker.stop());
  await tutti.workflows.register(workflow);
  const numbers = Array.from({ length: runs }, (_, n) => n);
  const start = (round: string) =>
    Promise.all(numbers.map((n) => tutti.run("looked", { id: `${round}-${n}`, input: { n } })));
  const waiting = await start("away");
  await second.kill();
  await Promise.all(waiting.map((run) => run.signal("go")));
  assert.deepEqual(await Promise.all(waiting.map((run) => run.result())), numbers);
  const client = new Client({ url: first.http });
  const tasksOf = (round: string) =>
    Promise.all(
      numbers.map((n) =>
        client.call("tasks.get", { params: { id: `${round}-${n}`, task: "look" }, query: {} }),
      ),
    );
  const reasons = (await tasksOf("away")).map(({ cacheMiss }) => cacheMiss?.reason);
  const at = reasons.indexOf("no_reply");
  assert.ok(at >= 0, `${reasons}`);
  await using command = new TestProcess({
    program: commandProgram(),
    arguments: ["cache", "explain", `away-${at}`],
    environment: { TUTTI_URL: first.http },
  });
  await command.waitForExit();
  assert.match(command.output, /look +computed +the cache did not reply in time/);
  const again = await start("back");
  await Promise.all(again.map((run) => run.signal("go")));
  assert.deepEqual(await Promise.all(again.map((run) => run.result())), numbers);
  assert.ok(
    (await tasksOf("back")).every(({ fromCache }) => fromCache),
    "the new owner has its outputs",
  );
});
