import assert from "node:assert/strict";
import { it } from "node:test";
import { ActivationResult } from "@tutti/contracts/workflow/v1";
import { testFoundation } from "@tutti/kernel/testing";
import { triggerNotes } from "./other-notes.ts";

const failedType = "tutti.workflow.trigger.failed";
const item = (eventType: string) => ({ eventType, message: `of ${eventType}` });
const dead = { result: ActivationResult.ACTIVATION_RESULT_DEAD, message: "of a start" };
const starts = (...eventTypes: readonly string[]) =>
  eventTypes.map((eventType) => ({ items: [{ eventType }] }));

for (const [title, type, body, events] of [
  ["events that no expression reads", "events_died", { items: [item("shop.order"), item(failedType)] }, 1],
  ["reports of failures that fail again", "events_died", { items: [item(failedType)] }, undefined],
  ["starts of runs", "starts_settled", { batch: 1, results: [dead, dead] }, 1],
  ["starts by reports of failures", "starts_settled", { batch: 2, results: [dead] }, undefined],
] as const)
  it(`a trigger reports ${title}: ${events ?? "no event"}`, () => {
    const starting = new Map([
      [1, { starts: starts("shop.order", failedType) }],
      [2, { starts: starts(failedType) }],
    ]);
    const key = { namespace: "default", kind: "trigger", id: "all" };
    const happening = {
      key,
      event: 1,
      body,
      state: { starting },
      timeMs: testFoundation().time.now(),
      cause: undefined,
    };
    const note = triggerNotes[type]?.({ starting } as never, body as never, happening as never);
    assert.equal((note as { readonly body?: { readonly events: number } } | undefined)?.body?.events, events);
  });
