import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, it } from "node:test";
import { dependencyOf } from "../sessions/spec.ts";
import { deprecatedValue } from "./deprecated.ts";
import { taskSpecOf } from "./task.ts";

describe("an older option", () => {
  it("keeps its meaning, and warns once with the new name", async () => {
    const warned = once(process, "warning");
    assert.equal(deprecatedValue(undefined, "pauseMs", "pause"), undefined);
    assert.equal(deprecatedValue(5, "pauseMs", "pause"), 5);
    const [warning] = (await warned) as [NodeJS.ErrnoException];
    assert.deepEqual(
      [warning.name, warning.code, warning.message],
      ["DeprecationWarning", "TUTTI_pauseMs", "The option `pauseMs` of Tutti is deprecated. Use `pause`."],
    );
  });

  it("of a task warns when it is used", async () => {
    const warned = once(process, "warning");
    const spec = taskSpecOf({ id: "a", uses: "a.b", runMs: 5_000 });
    assert.equal(spec.timeouts?.runMs, 5_000);
    assert.match(String((await warned)[0]), /`runMs` .* Use `timeout`/);
  });

  it("of a session's dependency warns when it is used", async () => {
    const warned = once(process, "warning");
    const dependency = dependencyOf({ session: "a", end: "always" });
    assert.deepEqual(dependency, dependencyOf({ session: "a", on: "always" }));
    assert.match(String((await warned)[0]), /`end` .* Use `on`/);
  });
});
