import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { ServiceHost } from "@tutti/host";
import { silentLogger } from "@tutti/kernel";
import { gate, until } from "@tutti/kernel/testing";
import { natsServerProgram } from "@tutti/nats/testing";
import { Worker } from "@tutti/sdk";
import { Cluster } from "./support/cluster.ts";
import { done, numberOf, RawAgent, token } from "./support/raw-agent.ts";
import { Service } from "./support/service.ts";
import { assignedIn, durableIn } from "./support/workshop.ts";

const program = await natsServerProgram();
const partitions = 4;

describe("an agent that does not follow to the owner of its pool", { skip: program.skip }, () => {
  let cluster: Cluster;
  let host: ServiceHost;

  before(async () => {
    cluster = await Cluster.open(partitions);
    host = await cluster.join();
  });
  after(async () => {
    await host?.stop();
    await cluster?.[Symbol.asyncDispose]();
  });

  it("is served by its host: work, results, and a link that continues", async () => {
    const owner = await cluster.join();
    const [namespace = ""] = await cluster.remoteNamespaces(host.mesh.address, partitions / 2);
    const service = new Service(owner, namespace);
    using raw = new RawAgent(host.mesh.address);
    const hello = { namespace, agentId: "stayer", canFollow: false };
    const { stream, welcome } = await raw.link(hello);
    assert.deepEqual(welcome.capabilityNumbers?.numbers, { "test.echo@1.2.0": 1 });
    stream.send({ sequence: 1, credit: 2 });
    service.offer([1, 2]);
    const tasks: number[] = [];
    await until("both tasks", () => {
      for (const frame of stream.frames)
        for (const assignment of frame.assignments) tasks.push(numberOf(assignment.token));
      return new Set(tasks).size === 2;
    });
    stream.send({ sequence: 2, results: [done(1)] });
    await until("the first result", () => service.ended.length === 1);
    service.confirmResults();
    await stream.next("its being durable", durableIn);

    stream.kill();
    const reconnected = raw.open();
    const resume = { linkId: welcome.linkId, received: stream.frames.at(-1)?.sequence ?? 0 };
    reconnected.send({ hello: { ...hello, versionMin: 1, versionMax: 1, incarnation: "1", resume } });
    const resumed = await reconnected.next("an answer", ({ answer }) => answer);
    assert.equal(resumed.$case === "welcome" && resumed.value.resumed, true);
    reconnected.send({ sequence: 3, results: [done(2)] });
    await until("the second result", () => service.ended.length === 2);
    service.confirmResults();
    assert.equal(await reconnected.next("its being durable", durableIn), 2);
    reconnected.send({ sequence: 4, bye: { reason: "done" } });
    await reconnected.waitForEnd();
    await owner.stop();
  });

  it("notices another owner only by news of its attempts", async () => {
    const killed = await cluster.spawn();
    const [namespace = ""] = await cluster.remoteNamespaces(host.mesh.address, partitions / 2);
    const barrier = gate();
    const started: string[] = [];
    const worker = new Worker(
      {
        ...{ namespace, agentId: "stayer", slots: 20, handleSignals: false, followRedirects: false },
        address: [host.mesh.address],
      },
      { logger: silentLogger },
    );
    worker.handle("test.echo", async (_input, { workId }) => {
      started.push(workId);
      if (workId !== "run-1") await barrier.pass();
      return workId;
    });
    await worker.start();
    const service = new Service(host, namespace);
    // The first task is done, and its result is never confirmed as durable.
    service.offer([1, 2, 3]);
    await until("one result, and two running", () => service.ended.length === 1 && started.length === 3);

    killed.child.kill("SIGKILL");
    await until("the stream of offers to break", () => service.ended.length > 0 && service.breaks > 0);
    service.offer([4]);
    barrier.open();
    await until("all results", () => new Set(service.ended).size === 4);
    assert.equal(worker.isLinked, true);
    assert.deepEqual(started.sort(), ["run-1", "run-2", "run-3", "run-4"]);
    service.confirmResults();
    await worker.stop();
  });

  it("is refused as the owner refuses it", async () => {
    const owner = await cluster.join();
    const [namespace = ""] = await cluster.remoteNamespaces(host.mesh.address, partitions / 2);
    using raw = new RawAgent(host.mesh.address);
    const earlier = await raw.link({ namespace, agentId: "twice", incarnation: "2", canFollow: false });
    const stream = raw.open();
    const hello = { namespace, versionMin: 1, versionMax: 1, agentId: "twice", incarnation: "1" };
    stream.send({ hello: { ...hello, offering: {} } });
    const answer = await stream.next("an answer", (frame) => frame.answer);
    assert.equal(answer.$case === "refused" && answer.value.error?.code, "matching.agent_superseded");
    earlier.stream.send({ sequence: 1, credit: 1 });
    const service = new Service(owner, namespace);
    service.offer([1]);
    const [task] = await earlier.stream.next("an assignment", assignedIn);
    assert.deepEqual(task?.token, token(1));
    await owner.stop();
  });
});
