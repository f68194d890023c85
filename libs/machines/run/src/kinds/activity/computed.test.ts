import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CompleteTask, FailTask } from "@tutti/contracts/workflow/v1";
import { completeTask, failTask } from "../../life/results/attempts.ts";
import { RunScene } from "../../testing/index.ts";

const bytesOf = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

const text = `workflow: w
tasks:
  notify:
    uses: "\${{ input.channel }}"
    among: [mail.send, chat.post@^2]
    retry: {attempts: 2, backoff: 1s, jitter: 0}
`;

describe("a task with a computed capability", () => {
  for (const [channel, range] of [
    ["mail.send", ""],
    ["chat.post", "^2"],
  ] as const)
    it(`is offered to agents with ${channel}, in each attempt`, () => {
      const scene = RunScene.of(text, { input: bytesOf({ channel }) });
      scene.driver.settle(scene.offer("notify"), failTask, FailTask.fromPartial({ error: { code: "t.a" } }));
      scene.driver.advance(1_000);
      const offer = scene.offer("notify");
      assert.deepEqual(
        [offer.effect.profile.capability, offer.effect.profile.versionRange, offer.effect.attempt],
        [channel, range, 2],
      );
      scene.driver.settle(offer, completeTask, CompleteTask.fromPartial({ agent: "w1" }));
      assert.equal(scene.events.at(-1), "run_completed");
    });

  it("fails if the expression names a capability that is not declared", () => {
    const scene = RunScene.of(text, { input: bytesOf({ channel: "shell.run" }) });
    assert.equal(scene.events.at(-1), "run_failed");
    assert.equal(scene.state.error?.code, "workflow.capability_undeclared");
    assert.match(scene.state.error?.message ?? "", /`shell\.run`\. Declared: mail\.send, chat\.post/);
  });
});
