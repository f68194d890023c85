import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Explanation, type Wait, WaitCause } from "@tutti/contracts/types/v1";
import { CancelRun, ResetRun, TakeEvent } from "@tutti/contracts/workflow/v1";
import type { AwaitEvent, RunEffect } from "../../core/state/effects.ts";
import { eventsSeenMax } from "../../core/state/limits.ts";
import { moreOf, type Run } from "../../core/state/state.ts";
import { cancelRun } from "../../life/control/commands.ts";
import { explain, explainGroups } from "../../life/queries/explain.ts";
import { showSnapshot } from "../../life/queries/snapshot.ts";
import { explanationOf, type RunExplanation } from "../../life/queries/task-groups.ts";
import { resetRun } from "../../life/repair/commands.ts";
import { takeEvent } from "../../life/results/events.ts";
import { jsonBytes, jsonOf, RunScene } from "../../testing/index.ts";
import { isReceived, rememberEvent } from "../signal/received-events.ts";

const text = `workflow: w
tasks:
  paid: {wait: {event: shop.paid, if: event.data.order == input.order, within: 1h}}
  rest: {needs: [paid], uses: x, with: "\${{ tasks.paid.output.data }}"}
output: "\${{ tasks.paid.output.id }}"
`;

interface EventInput {
  readonly id: string;
  readonly data?: unknown;
  readonly type?: string;
}

class Scene {
  readonly run: RunScene;

  constructor(definition = text, input: unknown = { order: 7 }) {
    this.run = RunScene.of(definition, { input: jsonBytes(input) });
  }

  get awaited(): readonly AwaitEvent[] {
    return this.run.driver.effects.flatMap(({ effect }) => {
      const known = effect as RunEffect;
      return known.kind === "await_event" ? [known] : [];
    });
  }

  /** Delivers an event to the task whose effect is at this place. */
  deliver({ id, data = {}, type = "shop.paid" }: EventInput, place = 0): unknown {
    const waiting = this.run.driver.effects.filter(
      ({ effect }) => (effect as RunEffect).kind === "await_event",
    );
    const due = waiting[place];
    assert.ok(due !== undefined, "a task waits for an event");
    const event = { specversion: "1.0", id, source: "/shop", type, data };
    const timeMs = this.run.driver.nowMs;
    return this.run.driver.settle(
      due,
      takeEvent,
      TakeEvent.fromPartial({ event: jsonBytes(event), digest: id, timeMs }),
    );
  }
}

describe("a task that waits for an event", () => {
  it("accepts the first event that matches its condition, and has the event as output", () => {
    const scene = new Scene();
    const { createMs } = scene.run.state;
    assert.deepEqual(scene.awaited, [
      { kind: "await_event", taskId: "paid", type: "shop.paid", source: "", sinceMs: createMs },
    ]);
    scene.deliver({ id: "e1", data: { order: 8 } });
    assert.equal(scene.awaited.length, 1);
    // An event that the condition cannot be evaluated for does not match.
    scene.deliver({ id: "e2", data: "none" });
    assert.equal(scene.awaited.length, 1);
    scene.deliver({ id: "e3", data: { order: 7, total: 5 } });
    assert.deepEqual(scene.awaited, []);
    const { effect } = scene.run.offer("rest");
    assert.deepEqual(jsonOf(effect.input as Uint8Array), { order: 7, total: 5 });
    scene.run.complete("rest");
    assert.equal(jsonOf(scene.run.state.output as Uint8Array), "e3");
  });

  it("fails if no event arrives in time", () => {
    const scene = new Scene();
    scene.run.driver.advance(3_600_000);
    assert.equal(scene.run.state.error?.code, "workflow.event_missing");
    assert.match(scene.run.state.error?.message ?? "", /`paid` did not receive the event `shop.paid`/);
    assert.deepEqual(scene.awaited, []);
  });

  it("names the event that it waits for", () => {
    const scene = new Scene();
    const explanation = explain.answer(scene.run.state, { taskId: "paid" }, { key: scene.run.key, nowMs: 0 });
    const { waits, remedies } = explanation as Explanation;
    const [{ cause, message }] = waits as [Wait];
    assert.deepEqual([cause, message], [WaitCause.WAIT_CAUSE_EVENT, "it waits for the event shop.paid"]);
    assert.equal(remedies[0]?.command, "tutti event post shop.paid");
  });

  it("tells it from a signal in the sentence about the run", () => {
    const scene = new Scene();
    const groups = explainGroups.answer(scene.run.state, undefined, { key: scene.run.key, nowMs: 0 });
    assert.match(
      explanationOf(groups as RunExplanation).summary,
      /1 waits for the event shop\.paid \(`paid`\)/,
    );
  });

  it("waits no longer when the run is cancelled", () => {
    const scene = new Scene();
    scene.run.driver.execute(scene.run.key, cancelRun, CancelRun.fromPartial({ reason: "" }));
    assert.deepEqual(scene.awaited, []);
  });

  it("each event goes to one task of the run, even if it is delivered again", () => {
    const scene = new Scene(`workflow: w
tasks:
  first: {wait: {event: shop.paid}}
  second: {wait: {event: shop.paid}}
  third: {needs: [first, second], wait: {event: shop.paid}}
output: ["\${{ tasks.first.output.id }}", "\${{ tasks.second.output.id }}", "\${{ tasks.third.output.id }}"]
`);
    assert.equal(scene.awaited.length, 2);
    scene.deliver({ id: "e1" });
    scene.deliver({ id: "e1" });
    assert.equal(scene.awaited.length, 1);
    scene.deliver({ id: "e2" });
    scene.deliver({ id: "e1" });
    scene.deliver({ id: "e2" });
    assert.equal(scene.awaited.length, 1);
    scene.deliver({ id: "e3" });
    assert.deepEqual(jsonOf(scene.run.state.output as Uint8Array), ["e1", "e2", "e3"]);
  });

  it("a run remembers a bounded number of events, and accepts none twice", () => {
    const { state } = new Scene().run;
    const more = moreOf(state as Run);
    for (let place = 0; place <= eventsSeenMax; place++)
      rememberEvent(more, { digest: `e${place}`, timeMs: 1_000 + place });
    assert.deepEqual(
      [more.events?.size, more.events?.has("e0"), more.eventsFromMs],
      [eventsSeenMax, false, 1_000],
    );
    assert.equal(isReceived(state, { digest: "e0", timeMs: 1_000 }), true);
    assert.equal(isReceived(state, { digest: "e1", timeMs: 1_001 }), true);
    assert.equal(isReceived(state, { digest: "new", timeMs: 1_001 }), false);
  });

  it("receives the event again after a reset that keeps signals, and waits for it after a reset that does not", () => {
    for (const keepSignals of [true, false]) {
      const scene = new Scene();
      const before = scene.run.driver.query(scene.run.key, showSnapshot, undefined) as unknown as {
        bytes: Uint8Array;
      };
      scene.deliver({ id: "e1", data: { order: 7 } });
      const signal = {
        number: 1,
        signal: "event:shop.paid",
        receiveMs: 0,
        event: { digest: "e1", timeMs: 1, taskId: "paid" },
        payload: { body: { $case: "inline" as const, value: jsonBytes({ id: "e1", data: { order: 7 } }) } },
      };
      const body = ResetRun.fromPartial({
        ...{ toEvent: 1, snapshot: before.bytes, keepSignals, reason: "" },
        signals: keepSignals ? [signal] : [],
      });
      scene.run.driver.execute(scene.run.key, resetRun, body);
      assert.deepEqual([scene.awaited.length, scene.run.offered], keepSignals ? [0, ["rest"]] : [1, []]);
    }
  });
});
