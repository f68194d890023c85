import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { EventInput } from "@tutti/bus";
import { runtimeService, SearchIndexRequest } from "@tutti/contracts/runtime/v1";
import {
  ActivationResult,
  CloudEvent,
  CreateTriggerRequest,
  definitionService,
  GetRunRequest,
  PublishEventsRequest,
  ReplayEventsRequest,
  runService,
  Singleton,
  StartRunRequest,
  TestTriggerRequest,
  type Trigger,
  triggerService,
} from "@tutti/contracts/workflow/v1";
import type { Search } from "@tutti/journal";
import { isTuttiError } from "@tutti/kernel";
import { recordingLogger, until } from "@tutti/kernel/testing";
import { type IndexParts, TriggerIndex } from "../src/triggers/trigger-index.ts";
import { Serving } from "./serving.ts";

type TriggerFields = Parameters<typeof CreateTriggerRequest.fromPartial>[0]["trigger"];

const bytes = (value: unknown) => Buffer.from(JSON.stringify(value), "utf8");
const inline = (value: unknown) => ({
  body: { $case: "inline" as const, value: bytes(value) },
  mediaType: "",
});
const inlineText = (text: string) => ({
  ...inline(null),
  body: { $case: "inline" as const, value: Buffer.from(text) },
});
const codeOf = (code: string) => (error: unknown) => isTuttiError(error) && error.code === code;

const order = `workflow: order
tasks:
  rest: {wait: {signal: paid}}
output: "\${{ input }}"
`;
const again = "workflow: again\ntasks: {rest: {wait: {for: 1ms}}}\n";
const note = "workflow: note\ntasks: {rest: {wait: {for: 1ms}}}\noutput: ${{ input }}\n";

const register = (serving: Serving, text: string) =>
  serving.host.mesh.client(definitionService).registerDefinition({
    ...{ namespace: "", versionLabels: [], keepLatest: false },
    source: { format: 1, text, fileName: "" },
  });

describe("triggers", () => {
  let serving: Serving;
  const client = () => serving.host.mesh.client(triggerService);
  const runs = () => serving.host.mesh.client(runService);
  const create = (triggerId: string, fields: TriggerFields) =>
    client().createTrigger(
      CreateTriggerRequest.fromPartial({
        trigger: {
          triggerId,
          source: { kind: { $case: "event", value: { type: `shop.${triggerId}.created`, source: "" } } },
          run: { what: { $case: "definition", value: { name: "note" } } },
          ...fields,
        },
      }),
    );
  const event = (kind: string, id: string, data: unknown = {}): CloudEvent =>
    CloudEvent.fromPartial({ id, source: `/shop/${kind}`, type: `shop.${kind}.created`, data: inline(data) });
  const post = (...events: readonly CloudEvent[]) =>
    client().publishEvents(PublishEventsRequest.fromPartial({ events: [...events] }));
  const named = async (triggerId: string): Promise<Trigger> => {
    const { trigger } = await client().getTrigger({ namespace: "", triggerId });
    assert.ok(trigger !== undefined);
    return trigger;
  };
  const settled = (triggerId: string, count: number) =>
    until(`${count} events of ${triggerId} settled`, async () => {
      const { started = 0, duplicates = 0, dead = 0, signalled = 0 } = (await named(triggerId)).counts ?? {};
      return started + duplicates + dead + signalled >= count;
    });
  const inputOf = async (runId: string): Promise<unknown> => {
    const { run } = await runs().getRun(GetRunRequest.fromPartial({ runId }));
    const input = run?.spec?.input?.body;
    return input?.$case === "inline" ? JSON.parse(Buffer.from(input.value).toString("utf8")) : undefined;
  };

  before(async () => {
    serving = await Serving.open();
    for (const text of [order, note, again]) await register(serving, text);
  });
  after(() => serving[Symbol.asyncDispose]());

  it("an event that matches the condition starts one run, with the input from `with`", async () => {
    await create("order", {
      condition: "event.data.total > 10",
      key: "event.data.id",
      runId: "order-${{ event.data.id }}",
      with: inline({ order: "${{ event.data.id }}", from: "${{ event.source }}" }),
    });
    const reply = await post(
      event("order", "e1", { id: 7, total: 20 }),
      event("order", "e2", { id: 8, total: 5 }),
    );
    assert.deepEqual([reply.events, reply.matched, reply.duplicates], [2, 1, 0]);
    await settled("order", 1);
    assert.deepEqual(await inputOf("order-7"), { order: 7, from: "/shop/order" });
    const { counts, recent } = await named("order");
    assert.deepEqual([counts?.received, counts?.started], [1, 1]);
    assert.equal(recent[0]?.result, ActivationResult.ACTIVATION_RESULT_STARTED);
    await assert.rejects(runs().getRun(GetRunRequest.fromPartial({ runId: "order-8" })));
  });

  it("an event with a number that no double can represent is refused", async () => {
    const large = { ...event("order", "e9"), data: inlineText('{"id":9,"list":[{"total":-1e400}]}') };
    await assert.rejects(post(large), /Event `e9`: data: expected numbers up to 1\.8e308, got -1e400/);
    const text = { ...event("order", "e10"), data: inlineText('{"id":10,"total":1e308,"text":"1e400"}') };
    assert.equal((await post(text)).events, 1);
  });

  it("a repeated event, and another event with the same key, start no run", async () => {
    await create("twice", { key: "event.data.id" });
    await Promise.all([post(event("twice", "e1", { id: 1 })), post(event("twice", "e1", { id: 1 }))]);
    await settled("twice", 2);
    await post(event("twice", "e2", { id: 1, other: true }));
    await settled("twice", 3);
    const { counts } = await named("twice");
    assert.deepEqual([counts?.received, counts?.started, counts?.duplicates, counts?.dead], [3, 1, 2, 0]);
  });

  it("a failed expression creates a dead letter, and a retry uses the current trigger", async () => {
    await create("dead", { condition: "event.data.total > 10" });
    await post(event("dead", "e1", { sum: 20 }));
    await settled("dead", 1);
    const { letters } = await client().listDeadLetters({ namespace: "", triggerId: "dead", page: undefined });
    assert.deepEqual([letters[0]?.code, letters[0]?.event?.id], ["event.expression_failed", "e1"]);
    const retry = { namespace: "", triggerId: "dead", numbers: [], reason: "" };
    const firstRetry = await client().retryDeadLetters(retry);
    assert.deepEqual(
      [firstRetry.count, firstRetry.failed.map(({ number, event }) => [number, event?.id])],
      [1, [[2, "e1"]]],
    );
    const { trigger } = await client().getTrigger({ namespace: "", triggerId: "dead" });
    await client().updateTrigger({
      ...{ namespace: "", reason: "" },
      update: { fields: ["condition"], revision: "" },
      trigger: { ...(trigger as Trigger), condition: "event.data.sum > 10" },
    });
    const retried = await client().retryDeadLetters(retry);
    assert.deepEqual([retried.count, retried.failed], [1, []]);
    await until("it started", async () => (await named("dead")).counts?.started === 1);
    assert.equal((await named("dead")).counts?.dead, 0);
  });

  it("a retry of dead letters names the starts that fail again", async () => {
    await create("lost", { with: inline({ sum: "${{ event.data.total + 1 }}" }) });
    await post(event("lost", "e1"), event("lost", "e2"));
    await until("both failed", async () => (await named("lost")).counts?.dead === 2);
    const retry = { namespace: "", triggerId: "lost", numbers: [], reason: "" };
    const { count, failed } = await client().retryDeadLetters(retry);
    assert.deepEqual([count, failed.map(({ event }) => event?.id)], [2, ["e1", "e2"]]);
  });

  it("a paused trigger ignores events, and a replay processes them", async () => {
    await create("past", {});
    await client().pauseTrigger({ namespace: "", triggerId: "past", reason: "holidays" });
    const { matched } = await post(event("past", "e1"), event("past", "e2"));
    assert.equal(matched, 0);
    await client().resumeTrigger({ namespace: "", triggerId: "past", reason: "" });
    await post(event("past", "e2"));
    await settled("past", 1);
    const replay = ReplayEventsRequest.fromPartial({ triggerId: "past" });
    const reply = await client().replayEvents(replay);
    assert.deepEqual([reply.events, reply.matched, reply.duplicates], [2, 2, 1]);
    await settled("past", 3);
    const { counts } = await named("past");
    assert.deepEqual([counts?.started, counts?.duplicates], [2, 1]);
  });

  it("a replay counts the events whose run exists", async () => {
    await create("retried", {});
    await post(event("retried", "e1"), event("retried", "e2"));
    await settled("retried", 2);
    const replay = ReplayEventsRequest.fromPartial({ triggerId: "retried" });
    const reply = await client().replayEvents(replay);
    assert.deepEqual([reply.events, reply.matched, reply.duplicates], [2, 2, 2]);
  });

  it("a test uses a given event or the newest event of the log, and starts no run", async () => {
    await create("trial", {
      condition: "event.data.total > 10",
      with: inline({ sum: "${{ event.data.total }}" }),
    });
    const tested = await client().testTrigger(
      TestTriggerRequest.fromPartial({ triggerId: "trial", event: event("trial", "e1", { total: 20 }) }),
    );
    const input =
      tested.input?.body?.$case === "inline" ? Buffer.from(tested.input.body.value).toString() : "";
    assert.deepEqual([tested.matched, input, tested.key], [true, '{"sum":20}', "/shop/trial e1"]);
    await post(event("trial", "e2", { total: 5 }));
    const newest = await client().testTrigger(TestTriggerRequest.fromPartial({ triggerId: "trial" }));
    assert.deepEqual([newest.event?.id, newest.ofSource, newest.matched], ["e2", true, false]);
    assert.equal((await named("trial")).counts?.received, 0);
  });

  it("the end of a run starts one run, and the end of that run starts none", async () => {
    // A separate name: runs of `note` that other tests started may end late.
    const what = { $case: "definition", value: { name: "again" } } as const;
    await create("after", {
      run: { what },
      source: { kind: { $case: "runEnd", value: { definition: "again", ends: [] } } },
    });
    await runs().startRun(StartRunRequest.fromPartial({ runId: "first", spec: { what } }));
    await settled("after", 1);
    const { recent } = await named("after");
    assert.equal(recent.length, 1, "its own runs do not start it again");
    assert.equal(recent[0]?.eventType, "tutti.workflow.run.completed");
  });

  it("an existing run receives a signal instead, once per event", async () => {
    await create("paid", {
      run: { what: { $case: "definition", value: { name: "order" } } },
      runId: "cart-${{ event.data.cart }}",
      policy: { signal: "paid" },
    });
    await post(event("paid", "e1", { cart: 1 }));
    await settled("paid", 1);
    await post(event("paid", "e2", { cart: 1, by: "card" }), event("paid", "e2", { cart: 1, by: "card" }));
    await settled("paid", 3);
    const { counts } = await named("paid");
    assert.deepEqual([counts?.started, counts?.signalled, counts?.duplicates], [1, 1, 1]);
  });

  it("a batch starts one run with all of its events, and a singleton starts runs one after the other", async () => {
    await create("bulk", { policy: { batchSize: 2, batchWaitMs: 60_000 } });
    await post(event("bulk", "e1", { n: 1 }), event("bulk", "e2", { n: 2 }));
    await until("it started", async () => (await named("bulk")).counts?.started === 1);
    const [last] = (await named("bulk")).recent;
    assert.deepEqual(await inputOf(last?.runId ?? ""), { events: [{ n: 1 }, { n: 2 }] });
    await create("single", { policy: { singleton: Singleton.SINGLETON_QUEUE } });
    await post(event("single", "e1"), event("single", "e2"), event("single", "e3"));
    await until("all have started", async () => (await named("single")).counts?.started === 3);
  });

  it("the key `on` of a definition creates and changes its triggers, and pauses removed ones", async () => {
    const registerMail = (on: string) =>
      register(serving, `workflow: mail\n${on}tasks: {rest: {wait: {for: 1ms}}}\n`);
    await registerMail("on: {event: shop.mail.created, if: event.data.urgent, key: event.data.id}\n");
    const created = await named("mail.on");
    assert.deepEqual([created.owner, created.condition], ["mail", "event.data.urgent"]);
    assert.equal((await post(event("mail", "e1", { id: 1, urgent: true }))).matched, 1);
    await registerMail("on: [{event: shop.mail.created}, {afterRun: {workflow: note}}]\n");
    assert.deepEqual([(await named("mail.on")).condition, (await named("mail.on-2")).owner], ["", "mail"]);
    await registerMail("");
    assert.deepEqual([(await named("mail.on")).paused, (await named("mail.on-2")).paused], [true, true]);
    await registerMail("on: {event: shop.mail.created}\n");
    assert.deepEqual([(await named("mail.on")).paused, (await named("mail.on-2")).paused], [false, true]);
    await assert.rejects(
      registerMail("on: {event: shop.mail.created, if: 'event.data >'}\n"),
      codeOf("definition.invalid"),
    );
  });

  it("invalid triggers are refused at creation", async () => {
    await assert.rejects(
      create("bad", { condition: "event.data.total >" }),
      codeOf("event.expression_invalid"),
    );
    const what = { $case: "definition", value: { name: "nothing" } } as const;
    await assert.rejects(create("bad", { run: { what } }), codeOf("definition.missing"));
    const text = `workflow: letter
input: {schema: {type: object, properties: {to: {type: string}}, required: [to]}}
tasks: {rest: {wait: {for: 1ms}}}
`;
    await register(serving, text);
    const mail = { what: { $case: "definition", value: { name: "letter" } } } as const;
    for (const wrong of [{}, { to: 5 }])
      await assert.rejects(
        create("bad", { run: mail, with: inline(wrong) }),
        codeOf("workflow.input_invalid"),
      );
    await create("right", { run: mail, with: inline({ to: "${{ event.data.address }}" }) });
    const source = { kind: { $case: "event", value: { type: "*.order", source: "" } } } as const;
    await assert.rejects(create("bad", { source }), codeOf("trigger.plan_invalid"));
    await assert.rejects(
      post(CloudEvent.fromPartial({ id: "1", source: "/x", type: "tutti.a.b.c" })),
      codeOf("event.event_invalid"),
    );
  });

  it("the bus carries posted events as CloudEvents, and events about triggers", async () => {
    const received: Pick<EventInput, "type" | "subject">[] = [];
    await using _ = await serving.host.bus.subscribe({
      ...{ pattern: ">", namespace: "default" },
      handle: { each: ({ type, subject }) => received.push({ type, subject }) },
    });
    await create("told", {});
    await post(CloudEvent.fromPartial({ ...event("told", "e1"), subject: "order 1" }));
    await client().deleteTrigger({ namespace: "", triggerId: "told", reason: "" });
    await until("all is told", () => received.some(({ type }) => type === "tutti.workflow.trigger.deleted"));
    const types = received
      .filter(({ subject }) => subject !== "right")
      .filter(({ type }) => type.includes("trigger") || type.startsWith("shop"))
      .map(({ type }) => type);
    assert.deepEqual(types.sort(), [
      "shop.told.created",
      "tutti.workflow.trigger.created",
      "tutti.workflow.trigger.deleted",
    ]);
    assert.equal((await post(event("told", "e2"))).matched, 0);
  });

  it("a process that has just started knows a trigger that was created right before", async () => {
    const { mesh, bus } = serving.host;
    const foundation = { timers: serving.timers, logger: recordingLogger() };
    const peers = mesh.client(runtimeService, { service: "workflow" });
    const archive = {
      async search({ kinds, mayLag = false, limit }: Search) {
        const request = SearchIndexRequest.fromPartial({ kinds: [...kinds], mayLag, limit });
        const { entries } = await peers.searchIndex(request);
        return { entries: entries.map(({ endMs, ...key }) => ({ key, endMs })), cursor: "" };
      },
    } as unknown as IndexParts["archive"];
    await create("fresh", {});
    const owned = {
      runtime: { service: "workflow" },
      partitionOwner: {} as IndexParts["partitionOwner"],
    };
    const index = new TriggerIndex({ bus, archive, ...owned, triggers: client(), foundation });
    await index.ready();
    const found = [...index.candidates({ namespace: "default", type: "shop.fresh.created" })];
    assert.deepEqual(
      found.map(({ id }) => id),
      ["fresh"],
    );
  });
});

describe("a trigger that was created right before a restart", () => {
  it("gets an event right after it", async () => {
    await using serving = await Serving.open();
    // The index of the archive gets the trigger too late.
    const flags = ["--durable.limits.indexEveryMs=1000"];
    await serving.restart(flags);
    await register(serving, note);
    const client = () => serving.host.mesh.client(triggerService);
    const source = { kind: { $case: "event" as const, value: { type: "shop.order.created" } } };
    const run = { what: { $case: "definition" as const, value: { name: "note" } } };
    await client().createTrigger(
      CreateTriggerRequest.fromPartial({ trigger: { triggerId: "early", source, run } }),
    );
    const post = async (id: string) => {
      const event = { id, source: "/shop", type: "shop.order.created", data: inline({}) };
      return client().publishEvents(PublishEventsRequest.fromPartial({ events: [event] }));
    };
    assert.equal((await post("e1")).matched, 1);
    await serving.restart(flags);
    assert.equal((await post("e2")).matched, 1);
  });
});
