import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Mode } from "@tutti/contracts/session/v1";
import { moveTasks, recordChoice } from "../index.ts";
import { partsMax } from "../limits.ts";
import { accepted, codeOf, SessionScene, taskSpec } from "../testing/index.ts";

const { MODE_WORKFLOW: workflow, MODE_SWARM: swarm, MODE_HYBRID: hybrid } = Mode;

describe("moves", () => {
  it("create no more parts than a session can have, including moves that are still pending", () => {
    const count = partsMax - 2;
    const ids = Array.from({ length: count }, (_, index) => `t${index}`);
    const scene = SessionScene.of(
      hybrid,
      ids.map((id) => taskSpec(id)),
    );
    const parts = ids.map((_, task) => {
      return { mode: swarm, tasks: [task], reason: "", elsewhere: [], budget: undefined };
    });
    accepted(
      scene.driver.settle(scene.effect("choose_mode"), recordChoice, {
        choice: undefined,
        mode: hybrid,
        parts,
      }),
    );
    assert.equal(scene.state.parts.length, count);
    const move = (id: string) =>
      codeOf(scene.driver.execute(scene.key, moveTasks, { taskIds: [id], mode: workflow, reason: "" }));
    assert.deepEqual([move("t0"), move("t1"), move("t2")], ["done", "done", "session.too_many"]);
  });
});
