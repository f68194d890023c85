import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { until } from "@tutti/kernel/testing";
import { type NatsServer, natsServerProgram } from "@tutti/nats/testing";
import { connect } from "@tutti/sdk/client";
import { joinPlatform, partitions, startSharedServer } from "../support/cluster.ts";
import { type Folder, makeFolder, type Service } from "../support/services.ts";

const program = await natsServerProgram();

const definition = `workflow: waits
tasks:
  before: {set: {began: "\${{ input.number }}"}}
  go: {needs: [before], wait: {signal: go}}
  after: {needs: [go], forEach: "\${{ [1, 2] }}", set: {n: "\${{ item + tasks.before.output.began }}"}}
output: "\${{ tasks.after.output }}"
`;

const inner = `workflow: inner
tasks: {add: {set: {sum: "\${{ input.item + input.number }}"}}}
output: "\${{ tasks.add.output.sum }}"
`;
const outer = `workflow: outer
tasks:
  each:
    forEach: "\${{ [1, 2, 3, 4] }}"
    workflow: inner
    with: {item: "\${{ item }}", number: "\${{ input.number }}"}
output: "\${{ tasks.each.output }}"
`;

const numbers = Array.from({ length: 12 }, (_, number) => number);

describe("runs of two processes that share their partitions over NATS", { skip: program.skip }, () => {
  let server: NatsServer;
  let folder: Folder;
  const processes: Service[] = [];

  before(async () => {
    server = await startSharedServer();
  });
  after(async () => {
    await server[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    folder = await makeFolder();
  });
  afterEach(async () => {
    for (const process of processes.splice(0)) await process[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  async function join(name: string): Promise<Service> {
    const joined = await joinPlatform(server, folder, name);
    processes.push(joined);
    return joined;
  }

  const ownedBy = ({ lines }: Service) =>
    lines.filter((line) => line.msg === "a partition is owned here" && line["service_"] === "workflow")
      .length;

  it("start and have children, through a process that has never had one, wherever those belong", async () => {
    const first = await join("first");
    const second = await join("second");
    // Each has a part of the partitions: some of the runs, and of their children, belong to either.
    await until("a partition", () => ownedBy(second) > 0);
    assert.ok(ownedBy(first) > 0);
    await using tutti = await connect({ address: second.grpc });
    await tutti.register(inner);
    await tutti.register(outer);
    const run = (number: number) => tutti.execute("outer", { id: `outer-${number}`, input: { number } });
    assert.deepEqual(
      await Promise.all(numbers.map(run)),
      numbers.map((number) => [1, 2, 3, 4].map((item) => item + number)),
    );
  });

  it("go on where the definition has never been, when their process is killed with -9", async () => {
    const first = await join("first");
    // Those of before were killed, and own everything until their leases are over.
    await until("all partitions", () => ownedBy(first) >= partitions);
    const early = await connect({ address: first.grpc });
    await early.register(definition);
    for (const number of numbers) await early.start("waits", { id: `run-${number}`, input: { number } });
    const second = await join("second");
    await early.close();
    await first.kill();
    await until("all partitions", () => ownedBy(second) >= partitions);
    await using late = await connect({ address: second.grpc });
    for (const number of numbers) {
      const run = late.run(`run-${number}`);
      await run.signal("go");
      assert.deepEqual(await run.result(), [{ n: 1 + number }, { n: 2 + number }]);
    }
    // What is read as it was is folded anew, by the same plan.
    const events = [];
    for await (const { task } of late.run("run-0").events()) events.push(task);
    assert.ok(events.includes("after[1]"));
    const again = await late.start("waits", { id: "later", input: { number: 5 } });
    await again.signal("go");
    assert.deepEqual(await again.result(), [{ n: 6 }, { n: 7 }]);
  });
});
