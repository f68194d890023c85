import assert from "node:assert/strict";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import {
  CreateHookRequest,
  DeleteHookRequest,
  ExplainPlacementRequest,
  type HookAnswer,
  HookFailure,
  HookMoment,
  hookService,
  type ListenToHookReply,
  ListenToHookRequest,
  poolService,
  UpdateHookRequest,
} from "@tutti/contracts/swarm/v1";
import { WaitCause } from "@tutti/contracts/types/v1";
import { signedHeaders } from "@tutti/host/outgoing";
import { isTuttiError } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import { type AgentStream, done, numberOf, RawAgent } from "./support/raw-agent.ts";
import { Outgoing, Sender } from "./support/sender.ts";
import { SwarmHost } from "./support/swarm-host.ts";

const codeIs = (code: string) => (error: unknown) => isTuttiError(error) && error.code === code;
type HookFields = NonNullable<Parameters<typeof CreateHookRequest.fromPartial>[0]["hook"]>;
const { HOOK_MOMENT_BEFORE_ASSIGN, HOOK_MOMENT_BEFORE_RESULT } = HookMoment;

describe("hooks", () => {
  let swarm: SwarmHost;
  let raw: RawAgent;
  let spaces = 0;
  let namespace = "";
  before(async () => {
    swarm = await SwarmHost.start("--swarm.scaling.privateWebhooks=true");
    raw = new RawAgent(swarm.address);
  });
  after(async () => {
    raw[Symbol.dispose]();
    await swarm?.[Symbol.asyncDispose]();
  });

  const hooks = () => swarm.host.mesh.client(hookService);
  const create = (hookId: string, hook: HookFields) =>
    hooks().createHook(
      CreateHookRequest.fromPartial({
        namespace,
        hook: { hookId, moment: HOOK_MOMENT_BEFORE_ASSIGN, ...hook },
      }),
    );

  /** Returns a separate namespace, with a worker of this many slots and a sender with tasks for it. */
  async function room(slots = 9): Promise<{ readonly worker: AgentStream; readonly sender: Sender }> {
    namespace = `space-${++spaces}`;
    const { stream } = await raw.link({
      ...{ namespace, agentId: "worker" },
      offering: { capabilities: [{ name: "test.echo", version: "1.0.0" }], slots },
    });
    stream.send({ sequence: 1, credit: slots });
    return { worker: stream, sender: new Sender(swarm.host.mesh, { namespace }) };
  }

  const explain = async (task: number) => {
    const work = { kind: "run", id: `run-${task}`, task: "echo" };
    const request = ExplainPlacementRequest.fromPartial({ namespace, work });
    return (await swarm.host.mesh.client(poolService).explainPlacement(request)).explanation;
  };
  const assignedTo = (worker: AgentStream, description: string) =>
    worker.next(description, ({ assignments }) => assignments[0]);

  it("deny one task, reorder another and label a third, and the explanation shows each", async () => {
    const { worker, sender } = await room(1);
    sender.offer([1]);
    const first = await assignedTo(worker, "a task to keep the worker busy");
    await create("no-seconds", {
      when: 'task.work == "run-2"',
      action: { $case: "rule", value: { verdict: { deny: { message: "no seconds" } } } },
    });
    await create("fourth-first", {
      when: 'task.work == "run-4"',
      action: { $case: "rule", value: { verdict: { priority: "9", reason: "it hurries" } } },
    });
    await create("mark", {
      when: 'task.work == "run-3"',
      action: { $case: "rule", value: { verdict: { labels: { seen: "${{ task.capability }}" } } } },
    });
    sender.offer([2, 3, 4]);
    const denied = await sender.next("the one that is denied", ({ returned }) => returned[0]);
    assert.deepEqual([numberOf(denied.token), denied.error?.message], [2, "no seconds"]);
    worker.send({ sequence: 2, results: [done(numberOf(first.token))], credit: 1 });
    const hurried = await assignedTo(worker, "the one that was reordered");
    assert.equal(numberOf(hurried.token), 4);
    worker.send({ sequence: 3, results: [done(4)], credit: 1 });
    const marked = await assignedTo(worker, "the one that was labelled");
    assert.deepEqual(
      marked.labels.map(({ name, value }) => [name, value]),
      [["seen", "test.echo"]],
    );
    const summariesOf = async (task: number) => (await explain(task))?.parts.map(({ summary }) => summary);
    assert.deepEqual(await summariesOf(2), ["The hook no-seconds: it denied it: no seconds."]);
    assert.deepEqual(await summariesOf(3), ["The hook mark: it added the label seen=test.echo."]);
    assert.deepEqual(await summariesOf(4), [
      "The hook fourth-first: it changed the priority from 0 to 9: it hurries.",
    ]);
    sender.close();
  });

  it("are stored, listed in order, updated only with the current revision, and deleted", async () => {
    await room();
    const rule = (priority: string): HookFields["action"] => ({
      $case: "rule",
      value: { verdict: { priority } },
    });
    await create("b", { order: 2, action: rule("2") });
    const { hook } = await create("a", { order: 3, action: rule("3") });
    assert.equal((await create("a", { order: 3, action: rule("3") })).existed, true);
    await assert.rejects(create("a", { order: 4, action: rule("3") }), codeIs("pool.exists"));
    const names = async (pool: string) => {
      const listed = await hooks().listHooks({ namespace, pool, page: undefined });
      return listed.hooks.map(({ hookId }) => hookId);
    };
    assert.deepEqual(
      [await names("default"), await names("")],
      [
        ["b", "a"],
        ["b", "a"],
      ],
    );
    const update = (order: number, revision: string) =>
      hooks().updateHook(
        UpdateHookRequest.fromPartial({
          namespace,
          hook: { hookId: "a", order, moment: HOOK_MOMENT_BEFORE_ASSIGN, action: rule("3") },
          update: { fields: ["order"], revision },
        }),
      );
    await update(1, hook?.revision ?? "");
    assert.deepEqual(await names("default"), ["a", "b"]);
    await assert.rejects(update(5, hook?.revision ?? ""), codeIs("pool.moved"));
    const request = DeleteHookRequest.fromPartial({ namespace, hookId: "a" });
    assert.deepEqual(await hooks().deleteHook(request), { removed: true });
    assert.deepEqual(await hooks().deleteHook(request), { removed: false });
    await assert.rejects(hooks().getHook({ namespace, pool: "", hookId: "a" }), codeIs("pool.missing"));
  });

  it("that are invalid are refused with the path of the field", async () => {
    await room();
    await assert.rejects(
      create("bad", {
        when: "task.colour",
        action: { $case: "rule", value: { verdict: { priority: "1" } } },
      }),
      (error) => isTuttiError(error) && error.violations[0]?.field === "hook.when",
    );
    await assert.rejects(
      create("bad", { action: { $case: "webhook", value: { url: "ftp://somewhere" } } }),
      (error) => isTuttiError(error) && error.violations[0]?.field === "hook.webhook.url",
    );
  });

  it("ask the listener, and hold the task until the answer while other tasks continue", async () => {
    const { worker, sender } = await room();
    await create("guard", {
      when: 'task.work != "run-3"',
      onFailure: HookFailure.HOOK_FAILURE_DENY,
      action: { $case: "listener", value: { blocking: true, timeoutMs: 60_000 } },
    });
    const requests = new Outgoing<ListenToHookRequest>();
    requests.send(ListenToHookRequest.fromPartial({ namespace, hookId: "guard" }));
    const replies: ListenToHookReply[] = [];
    const listening = (async () => {
      for await (const reply of hooks().listenToHook(requests)) replies.push(reply);
    })();
    await until("the listener to be there", () => replies.length > 0);
    sender.offer([1, 2, 3]);
    assert.equal(numberOf((await assignedTo(worker, "the one without a hook")).token), 3);
    const occasions = () => replies.flatMap((reply) => reply.occasions);
    await until("both questions", () => occasions().length === 2);
    const [wait] = (await explain(1))?.waits ?? [];
    assert.deepEqual([wait?.cause, wait?.subject], [WaitCause.WAIT_CAUSE_HOOK, "guard"]);
    const numberFor = (id: string) => occasions().find(({ work }) => work?.id === id)?.number ?? 0;
    const answers = [
      { number: numberFor("run-2"), verdict: { labels: { checked: "yes" } } },
      { number: 77, verdict: undefined },
    ] as unknown as HookAnswer[];
    requests.send(ListenToHookRequest.fromPartial({ answers }));
    const second = await assignedTo(worker, "the one that was let go");
    assert.deepEqual([numberOf(second.token), second.labels.map(({ name }) => name)], [2, ["checked"]]);
    // A listener that leaves has failed: the hook denies then.
    requests.close();
    await listening;
    const denied = await sender.next("the one that is denied", ({ returned }) => returned[0]);
    assert.deepEqual(
      [numberOf(denied.token), denied.error?.message],
      [1, "the hook guard has to agree, and it failed: its listener went away"],
    );
    sender.offer([4]);
    const unheard = await sender.next("one without a listener", ({ returned }) => returned[0]);
    assert.match(unheard.error?.message ?? "", /no listener is connected/);
    sender.close();
  });

  it("send one signed HTTP request for all results of a turn", async () => {
    process.env["SHOP_HOOK_SECRET"] = "rosebud";
    const calls: { readonly headers: IncomingHttpHeaders; readonly body: string }[] = [];
    const server = createServer((request, response) => {
      const pieces: Buffer[] = [];
      request.on("data", (piece: Buffer) => pieces.push(piece));
      request.on("end", () => {
        const body = Buffer.concat(pieces).toString();
        calls.push({ headers: request.headers, body });
        const { occasions } = JSON.parse(body);
        const answers = occasions.map(({ number, work }: { number: number; work: { id: string } }) => ({
          number,
          verdict: work.id === "run-2" ? { deny: { code: "shop.no", message: "out of stock" } } : {},
        }));
        response.end(JSON.stringify({ answers }));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const { worker, sender } = await room();
    const url = `http://127.0.0.1:${port}/hook`;
    const secret = "env:SHOP_HOOK_SECRET";
    await create("stock", {
      moment: HOOK_MOMENT_BEFORE_RESULT,
      action: { $case: "webhook", value: { url, secret, blocking: true } },
    });
    sender.offer([1, 2]);
    await assignedTo(worker, "both");
    worker.send({ sequence: 2, results: [done(1), done(2)] });
    const results = () => sender.replies.flatMap((reply) => reply.results);
    await until("both results", () => results().length === 2);
    assert.deepEqual(
      results().map(({ token, outcome }) => [
        numberOf(token),
        outcome?.$case === "failed" ? outcome.value.code : "done",
      ]),
      [
        [1, "done"],
        [2, "shop.no"],
      ],
    );
    assert.equal(calls.length, 1);
    const [{ headers, body } = { headers: {}, body: "" }] = calls;
    const { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signature } = headers;
    const signed = signedHeaders("rosebud", { id: String(id), nowMs: Number(timestamp) * 1_000, body });
    assert.equal(signature, signed["webhook-signature"]);
    await new Promise((resolve) => server.close(resolve));
    sender.offer([3]);
    await assignedTo(worker, "one more");
    worker.send({ sequence: 3, results: [done(3)] });
    // No listener answers any more: the hook is skipped, and that is noted.
    await until("the third result", () => results().length === 3);
    const summary = (await explain(3))?.parts[0]?.summary ?? "";
    assert.match(summary, /^The hook stock: it failed: .*ECONNREFUSED.*, and was passed over\.$/);
    sender.close();
  });
});
