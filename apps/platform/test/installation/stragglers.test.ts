import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { until } from "@tutti/kernel/testing";
import { Installation } from "./installation.ts";

const definition = `workflow: survey
input: {schema: {type: object, properties: {number: {type: integer}}, required: [number]}}
tasks:
  look: {uses: survey.look, with: {number: "\${{ input.number }}"}, mayBeDoubled: true}
output: "\${{ tasks.look.output }}"
`;

describe("a task that takes much longer than usual", () => {
  it("is done by a second copy at another worker, once for its run, with the same idempotency key", async () => {
    await using installation = await Installation.open();
    await using tutti = await installation.client();
    const keys: string[] = [];
    const { promise: reason, resolve: stopped } = Promise.withResolvers<string>();
    const hanging = installation.worker({ agentId: "hanging" });
    hanging.handle("survey.look", async ({ number }: { number: number }, { idempotencyKey, signal }) => {
      if (number < 100) return "usual";
      keys.push(idempotencyKey);
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      stopped(String(signal.reason?.message));
      throw signal.reason;
    });
    await hanging.start();
    await tutti.workflows.register(definition);
    for (let number = 0; number < 12; number++) await tutti.execute("survey", { input: { number } });

    const run = await tutti.run("survey", { input: { number: 100 } });
    await until("a key", () => keys.length !== 0);
    const other = installation.worker({ agentId: "other" });
    other.handle("survey.look", async (_: unknown, { idempotencyKey }) => {
      keys.push(idempotencyKey);
      return "looked again";
    });
    await other.start();
    assert.equal(await run.result(), "looked again");
    assert.match(await reason, /a second copy was done first/);
    assert.equal(new Set(keys).size, 1);
    assert.equal(keys.length, 2);
    await hanging.stop();
    await other.stop();
  });
});
