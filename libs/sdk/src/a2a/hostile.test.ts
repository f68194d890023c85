/** Agents of other systems that do not keep to the protocol: over memory, in virtual time. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { until } from "@tutti/kernel/testing";
import { testDurable } from "../testing/index.ts";
import { a2aAgent } from "./index.ts";

type Json = Record<string, unknown>;

const url = "https://peer.test";
const card = { supportedInterfaces: [{ url, protocolBinding: "JSONRPC", protocolVersion: "1.0" }] };
const task = (state: string, more: Json = {}) => ({
  id: "t",
  contextId: "c",
  status: { state: `TASK_STATE_${state}`, ...more },
});
const replied = (parts: readonly unknown[]) => ({ message: { parts } });

/** An agent whose answers are given by its method and by how often it was called. */
class Peer {
  readonly calls: Json[] = [];
  readonly #answers: Readonly<Record<string, (count: number, params: Json) => unknown>>;

  constructor(answers: Readonly<Record<string, (count: number, params: Json) => unknown>>) {
    this.#answers = answers;
  }

  count(method: string): number {
    return this.calls.filter((call) => call["method"] === method).length;
  }

  start(input = "hi") {
    return testDurable(a2aAgent("peer", { url }, { fetch: this.#fetch as typeof fetch })).start({ input });
  }

  readonly #fetch = async (address: string, init: RequestInit): Promise<Response> => {
    if (String(address).endsWith("agent-card.json")) return Response.json(card);
    const call: Json = JSON.parse(String(init.body));
    this.calls.push(call);
    const answer = this.#answers[String(call["method"])]?.(
      this.count(String(call["method"])),
      call["params"] as Json,
    );
    if (answer instanceof Response) return answer;
    if (answer instanceof Error) throw answer;
    if (answer === undefined)
      return Response.json({ jsonrpc: "2.0", error: { code: -32_601, message: "unknown" } });
    return Response.json({ jsonrpc: "2.0", id: 1, result: answer });
  };
}

const done = task("COMPLETED");
const started = { task: task("WORKING") };

describe("an agent of another system", () => {
  for (const [title, answer] of [
    ["without a task or a message", {}],
    ["that is a number", 7],
    ["with a task without an id", { task: { status: { state: "TASK_STATE_WORKING" } } }],
    ["with a task without a state", { task: { id: "t" } }],
    ["with a state that is no text", { task: { id: "t", status: { state: 7 } } }],
  ] as const)
    it(`with an answer ${title} is not reached, and the message is sent again`, async () => {
      const peer = new Peer({
        SendMessage: (count) => (count < 3 ? answer : { message: { parts: [{ text: "ok" }] } }),
      });
      assert.equal(await (await peer.start()).result(), "ok");
      assert.equal(peer.count("SendMessage"), 3);
    });

  it("that forgets the state of a task fails the run after some attempts", async () => {
    const peer = new Peer({
      SendMessage: () => started,
      GetTask: () => ({ id: "t" }),
      CancelTask: () => done,
    });
    assert.equal((await (await peer.start()).failure())?.code, "a2a.unreachable");
    assert.equal(peer.count("CancelTask"), 1);
  });

  it("that answers with another task is asked for its own task", async () => {
    const other = { ...task("WORKING"), id: "other" };
    const peer = new Peer({ SendMessage: () => started, GetTask: (count) => (count < 3 ? other : done) });
    await (await peer.start()).result();
    const ids = peer.calls.flatMap(({ params }) => (params as Json)["id"] ?? []);
    assert.deepEqual([...new Set(ids)], ["t"]);
  });

  it("that changes its status without end is asked at growing intervals", async () => {
    const peer = new Peer({
      SendMessage: () => started,
      GetTask: (count) => (count > 60 ? done : task("WORKING", replied([{ text: `step ${count}` }]))),
    });
    const run = await peer.start();
    const startMs = run.now.getTime();
    await run.result();
    // 40 rounds have a pause: of 1 s, then 2 s, up to 40 s.
    assert.ok(run.now.getTime() - startMs >= 800_000);
  });

  for (const [title, broken] of [
    ["breaks", () => new TypeError("terminated")],
    ["has garbage", () => new Response("data: }{\n\n", { headers: { "content-type": "text/event-stream" } })],
    [
      "has errors",
      () => new Response('data: {"error": {}}\n\n', { headers: { "content-type": "text/event-stream" } }),
    ],
  ] as const)
    it(`whose stream ${title} is asked for the task instead`, async () => {
      const peer = new Peer({
        SendMessage: () => started,
        SubscribeToTask: broken,
        GetTask: (count) => (count < 2 ? task("WORKING") : done),
      });
      await (await peer.start()).result();
      assert.equal(peer.count("GetTask"), 2);
    });

  it("with an unknown state is asked for the next one", async () => {
    const peer = new Peer({
      SendMessage: () => ({ task: task("BANANA") }),
      GetTask: (count) => (count < 3 ? task("BANANA") : done),
    });
    assert.equal(await (await peer.start()).result(), null);
  });

  it("that has an answer already gets no second one", async () => {
    const question = task("INPUT_REQUIRED", replied([{ text: "Which colour?" }]));
    const peer = new Peer({
      SendMessage: (count) => (count === 1 ? { task: question } : new Response("", { status: 503 })),
      // The second message arrived, and its confirmation was lost.
      GetTask: (count) => (count === 1 ? question : done),
    });
    const run = await peer.start();
    await until("a question", async () => run.questions[0]);
    run.approve("ask", { data: { text: "blue" } });
    await run.result();
    assert.equal(peer.count("SendMessage"), 2);
  });

  it("whose question changed before its answer arrived asks again", async () => {
    const question = (text: string) => task("INPUT_REQUIRED", replied([{ text }]));
    const peer = new Peer({
      SendMessage: (count) => ({ task: count === 1 ? question("Which colour?") : done }),
      GetTask: () => question("Which size?"),
    });
    const run = await peer.start();
    await until("a question", async () => run.questions[0]);
    run.approve("ask", { data: { text: "blue" } });
    const second = await until("the next question", async () =>
      run.questions.find(({ message }) => /size/.test(message)),
    );
    assert.ok(second);
    assert.equal(peer.count("SendMessage"), 1);
  });

  it("with a question of megabytes asks with its start", async () => {
    const parts = [{ text: "x".repeat(5_000_000) }, { data: { form: "x".repeat(5_000_000) } }];
    const peer = new Peer({ SendMessage: () => ({ task: task("INPUT_REQUIRED", replied(parts)) }) });
    const run = await peer.start();
    const asked = await until("a question", async () => run.questions[0]);
    assert.ok(asked.message.length < 5_000);
  });

  it("with a form that is no JSON Schema fails the run, and its task is cancelled", async () => {
    const parts = [{ text: "?" }, { data: { approvalId: "a", form: { type: "banana" } } }];
    const peer = new Peer({
      SendMessage: () => ({ task: task("INPUT_REQUIRED", replied(parts)) }),
      CancelTask: () => done,
    });
    const { message = "" } = (await (await peer.start()).failure()) ?? {};
    assert.match(message, /form\.type: this is no JSON Schema/);
    assert.equal(peer.count("CancelTask"), 1);
  });
});
