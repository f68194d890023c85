import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { status } from "@grpc/grpc-js";
import { AgentFrame, agentLinkService, type HostFrame } from "@tutti/contracts/agent/v1";
import { agentService } from "@tutti/contracts/swarm/v1";
import { fromErrorDetail } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import { type AgentHello, type AgentStream, done, helloOf, numberOf, RawAgent } from "./support/raw-agent.ts";
import { Outgoing, Sender } from "./support/sender.ts";
import { SwarmHost } from "./support/swarm-host.ts";

const refusalIn = ({ answer }: HostFrame) =>
  answer?.$case === "refused" && answer.value.error ? fromErrorDetail(answer.value.error) : undefined;
const assignedIn = ({ assignments }: HostFrame) => (assignments.length > 0 ? assignments : undefined);

describe("links of agents over gRPC", () => {
  let swarm: SwarmHost;
  let raw: RawAgent;
  let names = 0;

  before(async () => {
    swarm = await SwarmHost.start();
    raw = new RawAgent(swarm.address);
  });

  after(async () => {
    raw[Symbol.dispose]();
    await swarm[Symbol.asyncDispose]();
  });

  /** Returns separate agents in a separate namespace, for each test. */
  function room(): { hello: AgentHello; sender: () => Sender } {
    const namespace = `room-${++names}`;
    const hello = { namespace, agentId: `agent-${names}` };
    return { hello, sender: () => new Sender(swarm.host.mesh, { namespace }) };
  }

  async function refused(stream: AgentStream, code: string, grpc: number): Promise<void> {
    const error = await stream.next("a refusal", refusalIn);
    assert.equal(error.code, code);
    const end = await stream.waitForEnd();
    assert.deepEqual([end.status, end.error?.code], [grpc, code]);
  }

  it("are welcomed with the version, times and limits of the link", async () => {
    const { welcome } = await raw.link(room().hello);
    assert.equal(welcome.version, 1);
    assert.equal(welcome.resumed, false);
    assert.deepEqual(Object.keys(welcome.capabilityNumbers?.numbers ?? {}), ["test.echo@1.2.0"]);
    assert.deepEqual([welcome.heartbeatMs, welcome.leaseMs, welcome.resumeWindowMs], [5_000, 15_000, 4_000]);
    assert.deepEqual([welcome.maxFrameBytes, welcome.maxInlineBytes], [4_194_304, 1_048_576]);
  });

  it("get an id for this incarnation if they have none", async () => {
    const { welcome } = await raw.link({ ...room().hello, agentId: "" });
    assert.match(welcome.agentId, /^[a-z0-9_.-]+$/i);
  });

  it("are refused in a version that is not spoken", async () => {
    const stream = raw.open();
    stream.send({ hello: helloOf({ ...room().hello, versionMin: 7, versionMax: 9 }) });
    await refused(stream, "swarm.version_unsupported", status.FAILED_PRECONDITION);
  });

  it("are refused without `hello`, or with other contents next to `hello`", async () => {
    const silent = raw.open();
    silent.send({ credit: 3 });
    await refused(silent, "swarm.greeting_expected", status.INVALID_ARGUMENT);
    const eager = raw.open();
    eager.send({ hello: helloOf(room().hello), credit: 3 });
    await refused(eager, "swarm.greeting_expected", status.INVALID_ARGUMENT);
  });

  it("are refused with the path of each field that is wrong", async () => {
    const stream = raw.open();
    const capabilities = [{ name: "No Name", version: "two" }];
    stream.send({ hello: helloOf({ ...room().hello, offering: { capabilities } }) });
    const error = await stream.next("a refusal", refusalIn);
    assert.deepEqual(error.violations.map(({ field }) => field).sort(), [
      "hello.offering.capabilities[0].name",
      "hello.offering.capabilities[0].version",
    ]);
  });

  it("are refused without a timely greeting", async () => {
    const stream = raw.open();
    const before = swarm.host.mesh.server.load.streams;
    await until("the stream to be there", () => swarm.host.mesh.server.load.streams > before);
    await swarm.pass(10_000);
    await refused(stream, "swarm.greeting_late", status.DEADLINE_EXCEEDED);
  });

  it("work within the process too, where frames are passed without gRPC", async () => {
    const { hello, sender } = room();
    const frames = new Outgoing<AgentFrame>();
    const link = swarm.host.mesh.client(agentLinkService, { service: "swarm" }).link(frames);
    frames.send(AgentFrame.fromPartial({ hello: helloOf(hello) }));
    const { value: first } = await link.next();
    assert.equal(first?.answer?.$case, "welcome");
    frames.send(AgentFrame.fromPartial({ sequence: 1, credit: 1 }));
    const tasks = sender();
    tasks.offer([1]);
    const { value: second } = await link.next();
    const [assign] = second?.assignments ?? [];
    assert.deepEqual([assign?.workId, assign?.attempt], ["run-1", 1]);
    frames.send(AgentFrame.fromPartial({ sequence: 2, results: [done(1)] }));
    await tasks.next("a result", ({ results }) => results[0]);
    frames.send(AgentFrame.fromPartial({ sequence: 3, bye: {} }));
    for await (const _ of link);
    tasks.close();
  });

  it("are refused in a pool that is not there", async () => {
    const stream = raw.open();
    stream.send({ hello: helloOf({ ...room().hello, pool: "nowhere" }) });
    await refused(stream, "swarm.pool_unknown", status.NOT_FOUND);
  });

  it("are refused when they resume an unknown link without an offering", async () => {
    const stream = raw.open();
    const { offering: _, ...hello } = helloOf(room().hello);
    stream.send({ hello: { ...hello, resume: { linkId: "link_gone", received: 3 } } });
    await refused(stream, "swarm.link_unknown", status.FAILED_PRECONDITION);
  });

  it("are welcomed as new when they resume an unknown link with a greeting", async () => {
    const { welcome } = await raw.link({ ...room().hello, resume: { linkId: "link_gone", received: 3 } });
    assert.equal(welcome.resumed, false);
  });

  it("cannot be resumed by another agent", async () => {
    const { hello } = room();
    const { welcome } = await raw.link(hello);
    const thief = raw.open();
    const resume = { linkId: welcome.linkId, received: 0 };
    thief.send({ hello: helloOf({ ...hello, agentId: "thief", resume }) });
    await refused(thief, "swarm.link_of_another", status.PERMISSION_DENIED);
  });

  it("of an earlier incarnation are replaced by a later one, which stays", async () => {
    const { hello } = room();
    const first = await raw.link({ ...hello, incarnation: "b" });
    const second = await raw.link({ ...hello, incarnation: "c" });
    const bye = await first.stream.next("a goodbye", (frame) => frame.bye);
    assert.match(bye.reason, /has connected again/);
    await first.stream.waitForEnd();
    const third = raw.open();
    third.send({ hello: helloOf({ ...hello, incarnation: "a" }) });
    await refused(third, "matching.agent_superseded", status.FAILED_PRECONDITION);
    assert.equal(second.stream.isOver, false);
  });

  it("resume after a cut: both sides repeat missing frames, and no task is done twice", async () => {
    const { hello, sender } = room();
    const tasks = sender();
    const { stream, welcome } = await raw.link(hello);
    stream.send({ sequence: 1, credit: 10 });
    tasks.offer([1, 2, 3]);
    const [first] = await stream.next("an assignment", assignedIn);
    assert.ok(first !== undefined);
    stream.kill();

    const resumed = await raw.link({ ...hello, resume: { linkId: welcome.linkId, received: 0 } });
    assert.deepEqual([resumed.welcome.resumed, resumed.welcome.linkId], [true, welcome.linkId]);
    assert.equal(resumed.welcome.received, 1);
    const got = new Set<number>();
    await resumed.stream.next("all assignments", ({ assignments }) => {
      for (const each of assignments) got.add(numberOf(each.token));
      return got.size === 3 || undefined;
    });
    // The first frame is sent again unchanged.
    resumed.stream.send({ sequence: 1, credit: 10 });
    const results = [1, 2, 3].map(done);
    resumed.stream.send({ sequence: 2, results });
    const ended: number[] = [];
    await tasks.next("three results", (reply) => {
      ended.push(...reply.results.map((result) => numberOf(result.token)));
      return ended.length >= 3 || undefined;
    });
    assert.deepEqual(ended.sort(), [1, 2, 3]);
    resumed.stream.send({ sequence: 3, heartbeat: { freeSlots: 10 } });
    await swarm.pass(0);
    const agents = swarm.host.mesh.client(agentService);
    const { namespace = "", agentId = "" } = hello;
    const { agent } = await agents.getAgent({ namespace, pool: "", agentId });
    assert.equal(agent?.attempts, 0);
    // Ten were granted once, and three used up.
    assert.equal(agent?.credit, 7);
    tasks.close();
  });

  it("that skip a frame end their stream, and resume on the next stream", async () => {
    const { hello } = room();
    const { stream, welcome } = await raw.link(hello);
    stream.send({ sequence: 1, credit: 1 });
    stream.send({ sequence: 3, credit: 1 });
    const { error } = await stream.waitForEnd();
    assert.equal(error?.code, "swarm.frame_missing");
    const resumed = await raw.link({ ...hello, resume: { linkId: welcome.linkId, received: 0 } });
    assert.deepEqual([resumed.welcome.resumed, resumed.welcome.received], [true, 1]);
  });

  it("end with goodbye, and are not known any more", async () => {
    const { hello } = room();
    const { stream, welcome } = await raw.link(hello);
    stream.send({ sequence: 1, bye: { reason: "done for today" } });
    assert.deepEqual(await stream.waitForEnd(), { status: 0, error: undefined });
    const relinked = await raw.link({ ...hello, resume: { linkId: welcome.linkId, received: 0 } });
    assert.equal(relinked.welcome.resumed, false);
  });
});
