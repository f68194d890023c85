import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Trigger } from "@tutti/contracts/workflow/v1";
import { recordingLogger, VirtualTime } from "@tutti/kernel/testing";
import { type IndexParts, TriggerIndex } from "./trigger-index.ts";

describe("the index of triggers", () => {
  it("reads a trigger that changed while a reading of it failed", async () => {
    const answers = [
      Promise.reject(new Error("owner away")),
      Promise.resolve({ trigger: Trigger.fromPartial({ triggerId: "t", paused: true }) }),
    ];
    const triggers = { getTrigger: () => answers.shift() } as unknown as IndexParts["triggers"];
    const foundation = { timers: new VirtualTime(), logger: recordingLogger() };
    const index = new TriggerIndex({
      bus: {} as IndexParts["bus"],
      archive: {} as IndexParts["archive"],
      runtime: { service: "workflow" },
      partitionOwner: {} as IndexParts["partitionOwner"],
      triggers,
      foundation,
    });
    let changes = 0;
    index.onChange(() => changes++);
    const first = index.refresh("shop", "t");
    const second = index.refresh("shop", "t");
    await assert.rejects(first, /owner away/);
    await second;
    assert.equal(changes, 1);
  });
});
