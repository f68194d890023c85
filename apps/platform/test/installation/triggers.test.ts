import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { ActivationResult, Singleton } from "@tutti/contracts/workflow/v1";
import { isTuttiError } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import type { DeadLetter, TriggerHandle, Tutti } from "@tutti/sdk/client";
import { Installation } from "./installation.ts";

const note = "workflow: note\ntasks: {rest: {wait: {for: 1ms}}}\noutput: ${{ input }}\n";
const other = "workflow: other\ntasks: {rest: {wait: {for: 1ms}}}\n";

describe("triggers of a client on a whole installation", () => {
  let installation: Installation;
  let tutti: Tutti;

  before(async () => {
    installation = await Installation.open();
    tutti = await installation.client();
    for (const text of [note, other]) await tutti.workflows.register(text);
  });
  after(async () => {
    await tutti?.close();
    await installation?.[Symbol.asyncDispose]();
  });

  const countsOf = async (trigger: TriggerHandle) => (await trigger.get()).counts;
  const deadLettersOf = async (trigger: TriggerHandle) => {
    const deadLetters: DeadLetter[] = [];
    for await (const deadLetter of trigger.deadLetters()) deadLetters.push(deadLetter);
    return deadLetters;
  };

  it("a posted event starts one run, also if it is posted twice", async () => {
    const orders = await tutti.triggers.create("orders", "note", {
      ...{ event: "shop.order.created", if: "event.data.total > 10", key: "event.data.id" },
      with: { order: "${{ event.data.id }}", of: "${{ event.source }}" },
      runId: "order-${{ event.data.id }}",
    });
    const large = { type: "shop.order.created", id: "e1", source: "/shop", data: { id: 7, total: 20 } };
    const small = { type: "shop.order.created", data: { id: 8, total: 5 } };
    const posted = await tutti.triggers.post([large, small]);
    assert.deepEqual([posted.ids[0], posted.ids.length, posted.matched], ["e1", 2, 1]);
    await until("the run started", async () => (await countsOf(orders))?.started === 1);
    assert.deepEqual(await tutti.runs.get("order-7").result(), { order: 7, of: "/shop" });
    await tutti.triggers.post(large);
    await until("the second one is seen", async () => (await countsOf(orders))?.duplicates === 1);
    const { recent, counts } = await orders.get();
    assert.deepEqual([counts?.received, counts?.started], [2, 1]);
    assert.deepEqual(
      recent.map(({ result }) => result),
      [ActivationResult.ACTIVATION_RESULT_DUPLICATE, ActivationResult.ACTIVATION_RESULT_STARTED],
    );
  });

  it("a test shows the effect of an event, and starts nothing", async () => {
    const tested = await tutti.triggers.create("tested", "note", {
      event: "shop.parcel.*",
      if: "event.data.kg > 1",
      key: "event.data.id",
      with: "${{ event.data.kg }}",
    });
    const result = await tested.test({ type: "shop.parcel.sent", id: "p", data: { id: "a", kg: 2 } });
    assert.deepEqual(
      [result.ofSource, result.matched, result.key, result.input, result.problem, result.event?.data],
      [true, true, "a", 2, "", { id: "a", kg: 2 }],
    );
    const light = await tested.test({ type: "shop.parcel.sent", data: { id: "a", kg: 1 } });
    assert.deepEqual([light.ofSource, light.matched], [true, false]);
    const wrong = await tested.test({ type: "shop.parcel.sent", data: { id: "a" } });
    assert.match(wrong.problem, /kg/);
    const foreign = await tested.test({ type: "shop.order.created", data: {} });
    assert.deepEqual([foreign.ofSource, foreign.matched], [false, false]);
    assert.equal((await tested.test()).event, undefined);
    assert.equal((await countsOf(tested))?.received, 0);
  });

  it("dead letters are listed, retried with the corrected trigger, and deleted", async () => {
    const strict = await tutti.triggers.create("strict", "note", {
      ...{ event: "shop.bill.sent", if: "event.data.total > 10" },
    });
    await tutti.triggers.post([
      { type: "shop.bill.sent", id: "b1", data: { sum: 20 } },
      { type: "shop.bill.sent", id: "b2", data: { sum: 30 } },
    ]);
    await until("both are dead letters", async () => (await countsOf(strict))?.dead === 2);
    const [first, second] = await deadLettersOf(strict);
    assert.ok(first !== undefined && second !== undefined);
    assert.deepEqual(
      [first.event.id, first.event.data, first.code],
      ["b1", { sum: 20 }, "event.expression_failed"],
    );
    await strict.update({ if: "event.data.sum > 10" }, "the field has another name");
    assert.equal(await strict.retryDeadLetters({ numbers: [first.number] }), 1);
    await until("the run started", async () => (await countsOf(strict))?.started === 1);
    assert.equal(await strict.dropDeadLetters({ reason: "not needed" }), 1);
    assert.deepEqual(await deadLettersOf(strict), []);
  });

  it("events that passed while it was paused are replayed from a range", async () => {
    const paused = await tutti.triggers.create("paused", "note", {
      event: "shop.mail.sent",
      paused: true,
      windowMs: 3_600_000,
    });
    const from = new Date(installation.now());
    await tutti.triggers.post({ type: "shop.mail.sent", id: "m1" });
    await installation.pass(10_000);
    const to = new Date(installation.now());
    await installation.pass(10_000);
    await tutti.triggers.post({ type: "shop.mail.sent", id: "m2" });
    assert.equal((await paused.resume("the holidays are over")).paused, false);
    assert.equal((await countsOf(paused))?.received, 0);
    assert.deepEqual(await paused.replay({ from, to }), { events: 1, matched: 1, duplicates: 0 });
    assert.deepEqual(await paused.replay({ from }), { events: 2, matched: 2, duplicates: 1 });
    await until("two runs started", async () => (await countsOf(paused))?.started === 2);
  });

  it("changes single fields, lists by state, and deletes", async () => {
    const changed = await tutti.triggers.create("changed", "note", {
      ...{ event: "shop.cart.left", source: "/shop", debounce: { forMs: 5_000, maxMs: 60_000 } },
      ...{ singleton: "skip", priority: 3 },
    });
    const state = await changed.update({
      event: "shop.cart.*",
      throttle: { count: 2 },
      description: "carts",
    });
    assert.deepEqual(state.source?.kind, { $case: "event", value: { type: "shop.cart.*", source: "/shop" } });
    const { debounceMs, debounceMaxMs, throttleCount, singleton } = state.policy ?? {};
    assert.deepEqual(
      [debounceMs, debounceMaxMs, throttleCount, singleton, state.run?.priority, state.description],
      [5_000, 60_000, 2, Singleton.SINGLETON_SKIP, 3, "carts"],
    );
    const after = await changed.update({
      afterRun: { workflow: "note", ends: ["failed"] },
      run: { definition: "other" },
    });
    assert.deepEqual(after.source?.kind, {
      $case: "runEnd",
      value: { definition: "note", ends: ["failed"] },
    });
    assert.equal((await changed.pause("for now")).note, "for now");
    const listed = async (options?: Parameters<typeof tutti.triggers.list>[0]) => {
      const ids: string[] = [];
      for await (const { triggerId } of tutti.triggers.list(options)) ids.push(triggerId);
      return ids;
    };
    await until(
      "it is listed",
      async () => (await listed({ definition: "other", paused: true })).length === 1,
    );
    assert.deepEqual(await listed({ definition: "other" }), ["changed"]);
    await changed.delete("not used any more");
    await assert.rejects(changed.get(), (error) => isTuttiError(error) && error.status === "NOT_FOUND");
    await until("it is not listed", async () => (await listed({ text: "changed" })).length === 0);
  });
});
