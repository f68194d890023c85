import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { silentLogger } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import { partitionOfPool } from "@tutti/mesh";
import { type NatsServer, natsServerProgram } from "@tutti/nats/testing";
import { Client } from "@tutti/rest/client";
import { Worker } from "@tutti/sdk";
import { joinPlatform, partitions, startSharedServer } from "../support/cluster.ts";
import { makeFolder, type Service } from "../support/services.ts";

const program = await natsServerProgram();

describe("agents that connect to the HTTP port of one of two processes", { skip: program.skip }, () => {
  let server: NatsServer;
  const processes: Service[] = [];

  before(async () => {
    server = await startSharedServer();
  });
  after(async () => {
    for (const process of processes) await process[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
  });

  it("are linked to pools of both, and stay linked when the other process is killed", async () => {
    await using folder = await makeFolder();
    const join = async (name: string) => {
      const joined = await joinPlatform(server, folder, name);
      processes.push(joined);
      return joined;
    };
    const first = await join("first");
    const second = await join("second");
    const owned = (process: Service, service: string) =>
      process.lines.filter(
        ({ msg, ...line }) => msg === "a partition is owned here" && line["service_"] === service,
      ).length;
    await until("half of the partitions", () => owned(second, "swarm") >= partitions / 2);

    // One namespace for each partition: half of their pools are in the other process.
    const address = `${first.http.replace("http", "ws")}/v1/link`;
    const rooms = await Promise.all(
      Array.from({ length: partitions }, async (_, partition) => {
        const namespace = namespaceIn(partition);
        const worker = new Worker({ address, namespace, handleSignals: false }, { logger: silentLogger });
        worker.handle("relay.echo", async (input: { readonly n: number }) => input.n);
        await worker.start();
        return { namespace, worker };
      }),
    );
    const countVisible = async () => {
      const client = new Client({ url: first.http });
      const lists = rooms.map(({ namespace }) => client.call("agents.list", { query: { namespace } }));
      return (await Promise.all(lists)).filter(({ agents = [] }) => agents.length === 1).length;
    };
    assert.ok(rooms.every(({ worker }) => worker.isLinked));
    // Lists contain the agents of all owners, for either process.
    assert.equal(await countVisible(), partitions);

    const before = owned(first, "swarm");
    await second.kill();
    await until("the other half", () => owned(first, "swarm") >= before + partitions / 2);
    await until("all agents", async () => (await countVisible()) === partitions);
    assert.ok(rooms.every(({ worker }) => worker.isLinked));
    for (const { worker } of rooms) await worker.stop();
  });
});

function namespaceIn(partition: number): string {
  for (let number = 0; ; number++)
    if (partitionOfPool(`space-${number}`, "default", partitions) === partition) return `space-${number}`;
}
