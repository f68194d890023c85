/**
 * Agents whose tokens restrict their offers and tasks, over both transports. One capability is rejected and another one
 * granted: in the greeting, later, on another stream and by polls.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import {
  AgentFrame,
  agentLinkService,
  agentPollService,
  ClaimTasksRequest,
  CompleteTasksRequest,
  HostFrame,
  RenewTasksRequest,
} from "@tutti/contracts/agent/v1";
import {
  AgentGrant,
  auditService,
  IssueTokenRequest,
  identityService,
  Principal,
  policyService,
  RoleBinding,
  Scope,
  SearchRecordsRequest,
} from "@tutti/contracts/governance/v1";
import { boardService, JoinMissionRequest } from "@tutti/contracts/swarm/v1";
import { ActorKind, WaitCause } from "@tutti/contracts/types/v1";
import { errorFromUnknown, fromErrorDetail, type TuttiError } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import { MemoryOwnership, Mesh } from "@tutti/mesh";
import { Worker } from "@tutti/sdk";
import { connect, type Tutti } from "@tutti/sdk/client";
import { needsProgram } from "../../../../tools/programs.mjs";
import { TestProcess } from "../support/process.ts";
import { Installation } from "./installation.ts";

type FrameInput = Parameters<typeof AgentFrame.fromPartial>[0];
type Hello = NonNullable<FrameInput["hello"]>;

const namespace = "default";
const agent = (id: string) => ({ kind: ActorKind.ACTOR_KIND_AGENT, id });
const offering = (...names: string[]) => ({
  slots: 2,
  capabilities: names.map((name) => ({ name, version: "1.0.0" })),
});
const definition = (name: string) => `workflow: ${name}
tasks: {do: {uses: pay.${name}}}
output: "\${{ tasks.do.output }}"
`;

const python = await needsProgram("python3");
const pythonWorker = `
import sys
from tutti import Worker

worker = Worker(sys.argv[1], agent_id="press-python")
for name in sys.argv[2:]:
    worker.handle(name)(lambda given, context: "in Python")
worker.run()
`;

/** A stream of a link, independent of its transport. */
interface Stream {
  send(frame: FrameInput): void;
  /** The host's reply to the greeting. */
  readonly answered: Promise<HostFrame["answer"]>;
  /** The code of the error that ended it. Empty for a normal end. */
  readonly ended: Promise<string>;
  disconnect(): void;
}

describe("an agent to which only some is granted", () => {
  let installation: Installation;
  let tutti: Tutti;
  let admin: Mesh;
  const meshes: Mesh[] = [];

  function meshWith(credential: string): Mesh {
    const { address } = installation;
    const ownership = new MemoryOwnership({ fallback: () => ({ instance: "platform", address, epoch: 1 }) });
    const peers = { swarm: [address], governance: [address] };
    const mesh = new Mesh({ settings: { peers }, ownership, credential: () => credential });
    meshes.push(mesh);
    return mesh;
  }

  async function tokenOf(id: string, grant: Parameters<typeof AgentGrant.fromPartial>[0] | undefined) {
    const scope = Scope.fromPartial({ agent: grant });
    const request = IssueTokenRequest.fromPartial({
      namespace,
      actor: agent(id),
      scope,
      lifetimeMs: 600_000,
    });
    const { secret } = await admin.client(identityService).issueToken(request);
    return secret;
  }

  before(async () => {
    installation = await Installation.open([], { time: "real" });
    admin = meshWith("");
    tutti = await connect({ address: installation.address });
    await tutti.workflows.register(definition("charge"));
    await tutti.workflows.register(definition("refund"));
    const policies = admin.client(policyService);
    for (const id of ["press", "kept"]) {
      const subject = { $case: "actor" as const, value: agent(id) };
      const binding = RoleBinding.fromPartial({ bindingId: id, role: "agent", subject });
      await policies.createRoleBinding({ namespace, binding });
    }
    const grant = AgentGrant.fromPartial({ pools: ["default"], offers: ["pay.charge"], maxSlots: 4 });
    const principal = Principal.fromPartial({ actor: agent("kept"), agent: grant });
    await admin.client(identityService).createPrincipal({ namespace, principal });
    // Waits until the bundle with all of this has arrived.
    const polls = meshWith(await tokenOf("kept", undefined)).client(agentPollService, { service: "swarm" });
    for (;;) {
      const claim = { agentId: "first", waitMs: 0, offering: offering("pay.charge") };
      const error = await polls.claimTasks(ClaimTasksRequest.fromPartial(claim)).then(
        () => undefined,
        (thrown: unknown) => errorFromUnknown(thrown),
      );
      if (error === undefined) break;
      await delay(50);
    }
  });
  after(async () => {
    await tutti?.[Symbol.asyncDispose]();
    for (const mesh of meshes) await mesh.stop();
    await installation?.[Symbol.asyncDispose]();
  });

  function overGrpc(token: string): Stream {
    const waiting: FrameInput[] = [];
    const answered = Promise.withResolvers<HostFrame["answer"]>();
    let isOver = false;
    let notify = () => {};
    async function* frames() {
      while (!isOver) {
        const frame = waiting.shift();
        if (frame !== undefined) yield AgentFrame.fromPartial(frame);
        else
          await new Promise<void>((resolve) => {
            notify = resolve;
          });
      }
    }
    const closing = new AbortController();
    const client = meshWith(token).client(agentLinkService, { service: "swarm" });
    const read = async (): Promise<string> => {
      try {
        for await (const { answer } of client.link(frames(), { signal: closing.signal }))
          if (answer !== undefined) answered.resolve(answer);
        return "";
      } catch (error) {
        return errorFromUnknown(error).code;
      } finally {
        isOver = true;
        notify();
      }
    };
    return {
      send(frame) {
        waiting.push(frame);
        notify();
      },
      ...{ answered: answered.promise, ended: read(), disconnect: () => closing.abort() },
    };
  }

  const linkUrl = () => installation.host.url.replace("http", "ws").concat("/v1/link");

  function overWebSocket(token: string): Stream {
    const socket = new WebSocket(linkUrl(), { headers: { authorization: `Bearer ${token}` } });
    const answered = Promise.withResolvers<HostFrame["answer"]>();
    const ended = Promise.withResolvers<string>();
    const opened = new Promise((resolve) => {
      socket.onopen = resolve;
    });
    socket.onclose = ({ code, reason }) => ended.resolve(code === 1_000 ? "" : (reason.split(":")[0] ?? ""));
    socket.onmessage = ({ data }) => {
      const { answer } = HostFrame.fromJSON(JSON.parse(data));
      if (answer !== undefined) answered.resolve(answer);
    };
    return {
      send: (frame) =>
        void opened.then(() => socket.send(JSON.stringify(AgentFrame.toJSON(AgentFrame.fromPartial(frame))))),
      ...{ answered: answered.promise, ended: ended.promise, disconnect: () => socket.close() },
    };
  }

  const welcomeIn = (answer: HostFrame["answer"]) => {
    assert.equal(answer?.$case, "welcome");
    return answer.value;
  };
  function refusalIn(answer: HostFrame["answer"]): TuttiError {
    assert.ok(answer?.$case === "refused" && answer.value.error !== undefined);
    return fromErrorDetail(answer.value.error);
  }
  const linkRefused = async (stream: Stream, hello: Hello) => {
    stream.send({ hello });
    assert.equal(await stream.ended, "mesh.denied");
  };
  const fieldsOf = ({ violations }: TuttiError) => violations.map(({ field }) => field);

  for (const [transport, open, addressOf] of [
    ["gRPC", overGrpc, () => installation.address],
    ["a WebSocket", overWebSocket, linkUrl],
  ] as const) {
    const charges = { pools: ["default"], offers: ["pay.ch*"], maxSlots: 2 };
    const helloOf = (fields: Hello): { hello: Hello } => ({
      hello: { versionMin: 1, versionMax: 1, incarnation: "1", agentId: "press", ...fields },
    });
    const worker = (token: string) =>
      new Worker({
        ...{ address: addressOf(), slots: 2, handleSignals: false },
        credentials: { accessToken: token },
      });

    it(`over ${transport} is refused with each part that is not`, async () => {
      const stream = open(await tokenOf("press", { ...charges, pools: ["night"], maxSlots: 1 }));
      stream.send(helloOf({ offering: offering("pay.charge", "pay.refund", "ship.box") }));
      const error = refusalIn(await stream.answered);
      assert.deepEqual([error.code, error.retry], ["swarm.not_granted", "never"]);
      assert.deepEqual(fieldsOf(error), [
        "hello.pool",
        "hello.offering.capabilities[1].name",
        "hello.offering.capabilities[2].name",
        "hello.offering.slots",
      ]);
      assert.match(error.message, /capability pay\.refund \(granted: pay\.ch\*\)/);
      assert.equal(await stream.ended, "swarm.not_granted");
    });

    it(`over ${transport} works on granted capabilities, and receives no other task`, async () => {
      const token = await tokenOf("press", charges);
      const greedy = worker(token)
        .handle("pay.charge", () => "charged")
        .handle("pay.refund", () => "taken");
      await assert.rejects(greedy.run(), /capability pay\.refund \(granted: pay\.ch\*\)/);

      const done: string[] = [];
      const modest = worker(token).handle("pay.charge", () => done.push("charge"));
      const over = modest.run();
      const refund = await tutti.run("refund");
      const charge = await tutti.run("charge");
      assert.equal(await charge.result(), 1);
      assert.deepEqual(done, ["charge"]);
      await refund.cancel("nobody may");
      await assert.rejects(refund.result());
      await modest.stop();
      await over;
    });

    it(`over ${transport} loses its link when it offers more later`, async () => {
      const stream = open(await tokenOf("press", charges));
      stream.send(helloOf({ agentId: `later-${transport.length}`, offering: offering("pay.charge") }));
      welcomeIn(await stream.answered);
      stream.send({ sequence: 1, offering: offering("pay.charge", "pay.change") });
      stream.send({ sequence: 2, offering: offering("pay.refund") });
      assert.equal(await stream.ended, "swarm.not_granted");
    });

    it(`over ${transport} resumes with a token that grants its whole offering, and with no narrower token`, async () => {
      const agentId = `again-${transport.length}`;
      const wide = await tokenOf("press", { pools: ["*"], offers: ["*"] });
      const first = open(wide);
      first.send(helloOf({ agentId, offering: offering("pay.charge", "pay.refund") }));
      const { linkId } = welcomeIn(await first.answered);
      first.disconnect();
      await first.ended;
      const resume = { linkId, received: 0 };
      const narrow = open(await tokenOf("press", charges));
      narrow.send(helloOf({ agentId, resume }));
      assert.deepEqual(fieldsOf(refusalIn(await narrow.answered)), ["hello.offering.capabilities[1].name"]);
      await narrow.ended;
      const resumed = open(wide);
      resumed.send(helloOf({ agentId, resume }));
      assert.equal(welcomeIn(await resumed.answered).resumed, true);
      resumed.disconnect();
    });

    it(`over ${transport} is bound by its stored grants, even if its token grants more`, async () => {
      const stream = open(await tokenOf("kept", { pools: ["*"], offers: ["*"] }));
      stream.send(helloOf({ agentId: "kept", offering: offering("pay.charge", "pay.refund") }));
      assert.deepEqual(fieldsOf(refusalIn(await stream.answered)), ["hello.offering.capabilities[1].name"]);
    });
  }

  it("in Python exits when it offers an ungranted capability, and works on granted capabilities", {
    skip: python.skip,
  }, async () => {
    const token = await tokenOf("press", { pools: ["default"], offers: ["pay.charge"] });
    const workerOf = (...names: readonly string[]) =>
      new TestProcess({
        program: python.path,
        arguments: ["-c", pythonWorker, installation.address, ...names],
        environment: {
          TUTTI_ACCESS_TOKEN: token,
          PYTHONPATH: new URL("../../../../sdk/python/src", import.meta.url).pathname,
        },
      });
    await using refused = workerOf("pay.charge", "pay.refund");
    assert.notEqual((await refused.waitForExit()).code, 0);
    assert.match(refused.output + refused.errorOutput, /swarm\.not_granted.*pay\.refund/s);

    await using _granted = workerOf("pay.charge");
    assert.equal(await (await tutti.run("charge")).result(), "in Python");
  });

  for (const [transport, open, addressOf] of [
    ["gRPC", overGrpc, () => installation.address],
    ["a WebSocket", overWebSocket, linkUrl],
  ] as const)
    it(`over ${transport} cannot use another agent's id, at the greeting or to resume a link`, async () => {
      const press = await tokenOf("press", { pools: ["*"], offers: ["*"] });
      const impostor = new Worker({
        address: addressOf(),
        agentId: "kept",
        handleSignals: false,
        credentials: { accessToken: press },
      }).handle("pay.charge", () => "by somebody else");
      await assert.rejects(
        impostor.run(),
        /The caller agent:press may not use the agent id `kept`\. Use a credential of agent:kept/,
      );

      const own = open(await tokenOf("kept", undefined));
      const hello = { versionMin: 1, versionMax: 1, incarnation: "1", agentId: "kept" };
      own.send({ hello: { ...hello, offering: offering("pay.charge") } });
      const { linkId } = welcomeIn(await own.answered);
      own.disconnect();
      await own.ended;
      const intruder = open(press);
      intruder.send({ hello: { ...hello, resume: { linkId, received: 0 } } });
      assert.equal(refusalIn(await intruder.answered).code, "swarm.agent_of_another");
      const reconnected = open(await tokenOf("kept", undefined));
      reconnected.send({ hello: { ...hello, resume: { linkId, received: 0 } } });
      assert.equal(welcomeIn(await reconnected.answered).resumed, true);
      reconnected.disconnect();
    });

  it("in Python cannot use another agent's id", { skip: python.skip }, async () => {
    await using impostor = new TestProcess({
      program: python.path,
      arguments: ["-c", pythonWorker.replace("press-python", "kept"), installation.address, "pay.charge"],
      environment: {
        TUTTI_ACCESS_TOKEN: await tokenOf("press", undefined),
        PYTHONPATH: new URL("../../../../sdk/python/src", import.meta.url).pathname,
      },
    });
    assert.notEqual((await impostor.waitForExit()).code, 0);
    assert.match(impostor.output + impostor.errorOutput, /swarm\.agent_of_another.*agent:kept/s);
  });

  it("by polls cannot use another agent's id, and each attempt is recorded in the audit log", async () => {
    const polls = meshWith(await tokenOf("press", undefined)).client(agentPollService, { service: "swarm" });
    const refused = { code: "swarm.agent_of_another" };
    const claim = { agentId: "kept", waitMs: 0, offering: offering("pay.charge") };
    await assert.rejects(polls.claimTasks(ClaimTasksRequest.fromPartial(claim)), refused);
    const token = "0f".repeat(16);
    const outcome = { $case: "failed" as const, value: { code: "press.none" } };
    const completed = { agentId: "kept", completions: [{ token, outcome }] };
    await assert.rejects(polls.completeTasks(CompleteTasksRequest.fromPartial(completed)), refused);
    const renewed = { agentId: "kept", renewals: [{ token }] };
    await assert.rejects(polls.renewTasks(RenewTasksRequest.fromPartial(renewed)), refused);
    const audit = admin.client(auditService);
    for (const action of ["agent.links.open", "agent.tasks.claim"])
      await until(
        `the refusal of ${action} to be recorded`,
        async () =>
          (
            await audit.searchRecords(
              SearchRecordsRequest.fromPartial({
                namespace,
                filter: { action, text: "the agent id `kept`" },
              }),
            )
          ).records,
        (records) =>
          records.some(({ cause, error }) => cause?.actor?.id === "press" && error?.code === refused.code),
      );
  });

  it("is recorded in the audit log with the refused capability", async () => {
    const stream = overGrpc(await tokenOf("press", { pools: ["default"], offers: ["pay.charge"] }));
    stream.send({
      hello: {
        ...{ versionMin: 1, versionMax: 1, incarnation: "1", agentId: "press" },
        offering: offering("pay.refund"),
      },
    });
    assert.equal(await stream.ended, "swarm.not_granted");
    const request = { namespace, filter: { action: "agent.links.open", text: "pay.refund" } };
    const audit = admin.client(auditService);
    await until(
      "the refusal to be recorded",
      async () => (await audit.searchRecords(SearchRecordsRequest.fromPartial(request))).records,
      (records) =>
        records.some(
          ({ cause, error }) => cause?.actor?.id === "press" && error?.code === "swarm.not_granted",
        ),
    );
  });

  it("is named, with a remedy, if a task waits for its ungranted capability", async () => {
    for (const name of ["linked", "polled"]) await tutti.workflows.register(definition(name));
    const token = await tokenOf("press", { pools: ["default"], offers: ["pay.charge"] });
    const stream = overGrpc(token);
    const hello = { versionMin: 1, versionMax: 1, incarnation: "1", agentId: "greedy" };
    stream.send({ hello: { ...hello, offering: offering("pay.linked") } });
    refusalIn(await stream.answered);
    const polls = meshWith(token).client(agentPollService, { service: "swarm" });
    const claim = { agentId: "greedy-script", waitMs: 0, offering: offering("pay.polled") };
    await assert.rejects(polls.claimTasks(ClaimTasksRequest.fromPartial(claim)));
    for (const [name, agentId] of [
      ["linked", "greedy"],
      ["polled", "greedy-script"],
    ]) {
      const run = await tutti.run(`${name}`);
      const explanation = await until(
        "the refusal to be the reason",
        () => run.why("do"),
        ({ summary }) => summary.includes("was refused"),
      );
      assert.match(
        explanation.summary,
        new RegExp(
          `the agent ${agentId} offered pay\\.${name} and was refused: The credential of the agent does not grant its offering`,
        ),
      );
      assert.match(explanation.summary, /\(granted: pay\.charge\)/);
      const [wait] = explanation.waits;
      assert.deepEqual([wait?.cause, wait?.subject], [WaitCause.WAIT_CAUSE_POLICY, `pay.${name}`]);
      assert.match(
        explanation.remedies[0]?.text ?? "",
        new RegExp(`allow the agent ${agentId} to offer pay\\.${name}`),
      );
      assert.match((await run.why()).summary, /for a person with the permission/);
      await run.cancel("nobody may");
      await assert.rejects(run.result());
    }
  });

  for (const [title, connectWith] of [
    ["a link over gRPC", async (token: string, hello: Hello) => linkRefused(overGrpc(token), hello)],
    [
      "a link over a WebSocket",
      async (token: string, hello: Hello) => linkRefused(overWebSocket(token), hello),
    ],
    [
      "polls",
      async (token: string, { agentId = "", offering: offered }: Hello) => {
        const polls = meshWith(token).client(agentPollService, { service: "swarm" });
        const claim = ClaimTasksRequest.fromPartial({ agentId, waitMs: 0, offering: offered });
        await assert.rejects(polls.claimTasks(claim), { code: "mesh.denied" });
      },
    ],
  ] as const)
    it(`without any right to ${title} is named if a task waits for its capability`, async () => {
      const name = title.replaceAll(/[^a-z]/gi, "").toLowerCase();
      await tutti.workflows.register(definition(name));
      const hello = {
        ...{ versionMin: 1, versionMax: 1, incarnation: "1", agentId: `unbound-${name}` },
        offering: offering(`pay.${name}`),
      };
      await connectWith(await tokenOf("unbound", undefined), hello);
      const run = await tutti.run(name);
      const { summary, waits } = await until(
        "the refusal to be the reason",
        () => run.why("do"),
        (explanation) => explanation.summary.includes("was refused"),
      );
      assert.match(summary, new RegExp(`the agent unbound-${name} offered pay\\.${name} and was refused`));
      assert.equal(waits[0]?.cause, WaitCause.WAIT_CAUSE_POLICY);
      await run.cancel("nobody may");
    });

  it("is why a task of a mission waits that it may not join, until it may", async () => {
    const goal = { goal: "to be paid", assignment: "claimed" as const };
    const mission = await tutti.missions.start({ ...goal, tasks: [{ id: "do", uses: "pay.refund" }] });
    const join = (token: string, agentId: string) =>
      meshWith(token)
        .client(boardService)
        .joinMission(
          JoinMissionRequest.fromPartial({
            missionId: mission.id,
            agentId,
            offering: offering("pay.refund"),
          }),
        );
    await assert.rejects(join(await tokenOf("unbound", undefined), "unbound"), { code: "mesh.denied" });
    assert.match((await mission.why("do")).summary, /unbound offered pay\.refund and was refused/);
    const narrow = await tokenOf("press", { pools: ["default"], offers: ["pay.charge"] });
    await assert.rejects(join(narrow, "press"), { code: "swarm.not_granted" });
    const { summary, waits, remedies } = await mission.why("do");
    assert.match(
      summary,
      /the agent press offered pay\.refund and was refused.*Another agent was refused too/,
    );
    assert.ok(waits.some(({ cause }) => cause === WaitCause.WAIT_CAUSE_POLICY));
    assert.ok(remedies.some(({ text }) => text.startsWith("allow press to join the mission")));
    await join(await tokenOf("press", undefined), "press");
    assert.match((await mission.why("do")).summary, /the agent unbound offered/);
    await mission.cancel("nobody may");
  });

  it("is refused by polls with the same message, also for the offering of another token", async () => {
    const grant = { pools: ["default"], offers: ["pay.charge"] };
    const narrow = meshWith(await tokenOf("press", grant)).client(agentPollService, { service: "swarm" });
    const wide = meshWith(await tokenOf("press", undefined)).client(agentPollService, { service: "swarm" });
    const failure = async (call: Promise<unknown>): Promise<TuttiError> => {
      const found = await call.then(
        () => undefined,
        (thrown: unknown) => errorFromUnknown(thrown),
      );
      assert.ok(found !== undefined, "expected a refusal");
      return found;
    };
    const claim = (agentId: string, ...names: string[]) =>
      ClaimTasksRequest.fromPartial({
        ...{ agentId, waitMs: 0 },
        ...(names.length > 0 && { offering: offering(...names) }),
      });
    const refused = await failure(narrow.claimTasks(claim("script", "pay.refund")));
    assert.equal(refused.code, "swarm.not_granted");
    assert.deepEqual(fieldsOf(refused), ["offering.capabilities[0].name"]);
    assert.deepEqual((await narrow.claimTasks(claim("script", "pay.charge"))).tasks, []);

    const refund = await tutti.run("refund");
    const offered = { ...claim("shared", "pay.refund"), waitMs: 10_000 };
    const { tasks } = await wide.claimTasks(offered);
    const token = tasks[0]?.token ?? "";
    assert.notEqual(token, "");
    const outcome = {
      $case: "output" as const,
      value: { body: { $case: "inline" as const, value: Buffer.from("7") } },
    };
    const completed = CompleteTasksRequest.fromPartial({
      agentId: "shared",
      completions: [{ token, outcome }],
    });
    const renewed = RenewTasksRequest.fromPartial({ agentId: "shared", renewals: [{ token }] });
    for (const call of [
      narrow.claimTasks(claim("shared")),
      narrow.renewTasks(renewed),
      narrow.completeTasks(completed),
    ])
      assert.equal((await failure(call)).code, "swarm.not_granted");
    assert.equal((await wide.completeTasks(completed)).receipts[0]?.accepted, true);
    assert.equal(await refund.result(), 7);
  });
});
