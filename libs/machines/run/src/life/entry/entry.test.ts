import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Payload } from "@tutti/contracts/types/v1";
import type { RunUpdated } from "@tutti/contracts/workflow/v1";
import { isRefusal, type Refusal } from "@tutti/kernel";
import { runErrors } from "../../errors.ts";
import { jsonBytes, jsonOf, RunScene } from "../../testing/index.ts";
import { cancelRun } from "../control/commands.ts";
import { signalRun } from "../results/signals.ts";
import { updateRun } from "../results/updates.ts";
import { problemText } from "./entries.ts";
import { showEntry } from "./queries.ts";

const text = `workflow: told
vars: {count: 0, who: nobody}
queries:
  state: {schema: {type: object, properties: {more: {type: integer}}}, output: {count: "\${{ vars.count + payload.more }}", who: "\${{ vars.who }}"}}
  done: {output: "\${{ tasks.after.output.n }}"}
updates:
  add:
    schema: {type: integer}
    validate: "payload > 0 && vars.count + payload < 10"
    message: "\${{ string(payload) }} is not between 1 and \${{ string(9 - vars.count) }}"
    set: {count: "\${{ vars.count + payload }}", who: "\${{ 'after ' + string(vars.count) }}"}
    output: {now: "\${{ vars.count }}"}
tasks:
  wait: {wait: {signal: go}}
  after: {uses: test.after, needs: [wait], with: "\${{ vars.count }}"}
`;

const payloadOf = (value: unknown): Payload => ({
  body: { $case: "inline", value: jsonBytes(value) },
  mediaType: "",
});

function update(scene: RunScene, value: unknown, name = "add") {
  const body = { update: name, payload: payloadOf(value) };
  return scene.driver.execute(scene.key, updateRun, body) as RunUpdated | Refusal;
}

function read(answer: { readonly answer: Payload | undefined } | Refusal): unknown {
  if (isRefusal(answer)) return answer.code;
  const body = answer.answer?.body;
  return body?.$case === "inline" ? jsonOf(body.value) : null;
}

function runQuery(scene: RunScene, query: string, value: unknown = null): unknown {
  return read(scene.driver.query(scene.key, showEntry, { query, payload: payloadOf(value) }));
}

describe("updates that a definition declares", () => {
  it("takes effect at once, returns a result, and changes the state that tasks read", () => {
    const scene = RunScene.of(text);
    assert.deepEqual(read(update(scene, 2)), { now: 2 });
    const second = update(scene, 3) as RunUpdated;
    assert.deepEqual([second.number, read(second)], [2, { now: 5 }]);
    assert.deepEqual(runQuery(scene, "state", { more: 1 }), { count: 6, who: "after 2" });
    scene.driver.execute(scene.key, signalRun, { signal: "go", payload: undefined });
    assert.equal(jsonOf(scene.offer("after").effect.input as Uint8Array), 5);
  });

  it("is validated first: a rejected update returns the reason and records no event", () => {
    const scene = RunScene.of(text);
    const refused = update(scene, 10);
    assert.ok(isRefusal(refused) && refused.code === "workflow.update_refused");
    assert.match(refused.message, /10 is not between 1 and 9/);
    assert.equal(read(update(scene, "x")), "workflow.payload_invalid");
    assert.equal(read(update(scene, 1, "other")), "workflow.entry_missing");
    assert.deepEqual(scene.events, ["run_started", "task_waiting"]);
  });

  it("is refused once the run has ended", () => {
    const scene = RunScene.of(text);
    scene.driver.execute(scene.key, cancelRun, { reason: "", noCompensate: false });
    assert.equal(read(update(scene, 1)), "workflow.run_ended");
  });

  it("a query works after the end of the run too, and an invalid query returns its error", () => {
    const scene = RunScene.of(text);
    assert.equal(runQuery(scene, "state", { more: "x" }), "workflow.payload_invalid");
    assert.equal(runQuery(scene, "state"), "workflow.payload_invalid");
    assert.equal(runQuery(scene, "nothing"), "workflow.entry_missing");
    const without = (known: string) =>
      runErrors.entryMissing.refusal({ kind: "query", name: "nothing", known }).message;
    assert.equal(
      without(""),
      "The definition of the run declares no queries. Declare the query `nothing` in the definition, and start another run.",
    );
    assert.match(without("state"), /declares no query `nothing`\. It declares state\. Correct the name\.$/);
    assert.equal(
      problemText({ path: [], message: "must be object, got nothing" }, "the payload"),
      "the payload must be an object, got nothing",
    );
    assert.equal(
      problemText({ path: ["amount"], message: "must be integer" }, "the payload"),
      "amount: must be integer",
    );
    assert.equal(runQuery(scene, "done"), "workflow.entry_failed");
    scene.driver.execute(scene.key, cancelRun, { reason: "", noCompensate: false });
    assert.deepEqual(runQuery(scene, "state", { more: 0 }), { count: 0, who: "nobody" });
  });
});
