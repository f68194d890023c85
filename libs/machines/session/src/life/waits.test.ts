import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Mode } from "@tutti/contracts/session/v1";
import { NeedCondition, WorkStatus } from "@tutti/contracts/types/v1";
import { addWait, dropWait, retrySession, settleDependency } from "../index.ts";
import { accepted, codeOf, SessionScene, taskSpec } from "../testing/index.ts";

const swarm = Mode.MODE_SWARM;
const dependsOn = [{ session: { kind: "session", id: "first" } }];
const completed = WorkStatus.WORK_STATUS_COMPLETED;

function add(scene: SessionScene, id: string, namespace = "") {
  const session = { namespace, kind: "session", id, task: "" };
  const dependency = { session, condition: NeedCondition.NEED_CONDITION_SUCCESS };
  return scene.driver.execute(scene.key, addWait, { dependency, reason: "it comes first" });
}

function drop(scene: SessionScene, id: string, namespace = "") {
  const session = { namespace, kind: "session", id, task: "" };
  return scene.driver.execute(scene.key, dropWait, { session, reason: "it need not" });
}

function waitedFor({ view }: SessionScene) {
  return view.spec?.dependsOn.map(({ session }) => session?.id);
}

function settle(scene: SessionScene, dependency: number, status: WorkStatus = completed): void {
  accepted(scene.driver.settle(scene.effect("await_session"), settleDependency, { dependency, status }));
}

describe("sessions to wait for", () => {
  it("are added until it starts, each once", () => {
    const scene = SessionScene.of(swarm, [taskSpec("a")], { dependsOn });
    accepted(add(scene, "second"));
    accepted(add(scene, "second"));
    accepted(add(scene, "second", "default"));
    assert.deepEqual(scene.requested, ["await_session", "await_session"]);
    settle(scene, 0);
    assert.deepEqual(scene.requested, ["await_session"], "the second is waited for");
    settle(scene, 1);
    assert.deepEqual(scene.requested, ["start_part p1"]);
  });

  it("are removed until it starts, in any state, and added again", () => {
    const scene = SessionScene.of(swarm, [taskSpec("a")], { dependsOn });
    accepted(add(scene, "second"));
    accepted(drop(scene, "first"));
    accepted(drop(scene, "first"));
    accepted(drop(scene, "nobody"));
    assert.deepEqual(waitedFor(scene), ["second"]);
    assert.deepEqual(scene.requested, ["await_session"]);
    accepted(add(scene, "first", "default"));
    assert.deepEqual(waitedFor(scene), ["second", "first"]);
    settle(scene, 1);
    assert.deepEqual(scene.requested, ["await_session"], "what was added again is waited for");
    accepted(drop(scene, "second", "default"));
    accepted(drop(scene, "first"));
    assert.deepEqual([waitedFor(scene), scene.requested], [[], ["start_part p1"]]);
    accepted(drop(scene, "first"));
  });

  it("stay removed when a session that failed before its start is retried", () => {
    const scene = SessionScene.of(swarm, [taskSpec("a")], { dependsOn });
    accepted(add(scene, "second"));
    accepted(drop(scene, "first"));
    settle(scene, 1, WorkStatus.WORK_STATUS_FAILED);
    accepted(scene.driver.execute(scene.key, retrySession, { taskIds: [], reason: "" }));
    assert.deepEqual([waitedFor(scene), scene.requested], [["second"], ["await_session"]]);
    settle(scene, 1);
    assert.deepEqual(scene.requested, ["start_part p1"]);
  });

  it("are followed by its locks, and are not removed from a started session", () => {
    const locking = SessionScene.of(swarm, [taskSpec("a")], { dependsOn, locks: [{ name: "press" }] });
    accepted(drop(locking, "first"));
    assert.deepEqual(locking.requested, ["hold_locks"]);
    const started = SessionScene.of(swarm, [taskSpec("a")], { dependsOn });
    settle(started, 0);
    assert.equal(codeOf(drop(started, "first")), "session.begun");
  });

  it("fail the session if they do not end as required, like its original dependencies", () => {
    const scene = SessionScene.of(swarm, [taskSpec("a")], { dependsOn });
    accepted(add(scene, "second"));
    settle(scene, 0);
    settle(scene, 1, WorkStatus.WORK_STATUS_FAILED);
    assert.equal(scene.view.status, WorkStatus.WORK_STATUS_FAILED);
  });

  it("are refused once it has started, or requests its locks", () => {
    const started = SessionScene.of(swarm, [taskSpec("a")]);
    assert.equal(codeOf(add(started, "second")), "session.begun");
    const locking = SessionScene.of(swarm, [taskSpec("a")], { dependsOn, locks: [{ name: "press" }] });
    settle(locking, 0);
    assert.deepEqual(locking.requested, ["hold_locks"]);
    assert.equal(codeOf(add(locking, "second")), "session.begun");
  });

  it("are bounded", () => {
    const scene = SessionScene.of(swarm, [taskSpec("a")], { dependsOn });
    for (let n = 1; n < 100; n++) accepted(add(scene, `other${n}`));
    assert.equal(codeOf(add(scene, "one-more")), "session.too_many");
  });
});
