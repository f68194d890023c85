import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { HearParticipants, LeaveMissionRequest } from "@tutti/contracts/swarm/v1";
import { WorkStatus } from "@tutti/contracts/types/v1";
import { hearParticipants, leaveMission } from "../../index.ts";
import { accepted, codeOf, MissionScene, taskSpec } from "../../testing/index.ts";

const never = [{ name: "never", condition: "board.never == 1" }];

function heartbeat(scene: MissionScene, ...agentIds: string[]) {
  accepted(scene.driver.execute(scene.key, hearParticipants, HearParticipants.fromPartial({ agentIds })));
}

function leave(scene: MissionScene, agentId: string) {
  return accepted(
    scene.driver.execute(scene.key, leaveMission, LeaveMissionRequest.fromPartial({ agentId })),
  );
}

describe("participants of a mission", () => {
  it("fill roles, a mission starts when each role has enough, and more are refused", () => {
    const roles = [{ name: "pair", minAgents: 2, maxAgents: 2, capabilities: ["work"] }];
    const scene = MissionScene.of({ roles, tasks: [taskSpec("a")] });
    assert.equal(scene.view.status, WorkStatus.WORK_STATUS_PENDING);
    assert.match(scene.view.statusReason, /2 in pair/);
    accepted(scene.join("anna", { role: "pair" }));
    assert.equal(codeOf(scene.join("ben", { role: "pair", capabilities: ["cook"] })), "mission.role_unfit");
    assert.deepEqual(scene.offers, []);
    accepted(scene.join("ben", { role: "pair" }));
    assert.equal(codeOf(scene.join("carl", { role: "pair" })), "mission.role_full");
    assert.equal(codeOf(scene.join("carl", { role: "king" })), "mission.role_unknown");
    assert.equal(scene.view.status, WorkStatus.WORK_STATUS_RUNNING);
    assert.deepEqual(scene.offers, ["a"]);
  });

  it("release their claims when they leave", () => {
    const scene = MissionScene.of({ assignment: 2, tasks: [taskSpec("a")] });
    scene.join("anna");
    scene.join("ben");
    scene.claim("anna");
    assert.equal(leave(scene, "anna").released, 1);
    assert.equal(scene.claim("ben").length, 1);
  });
});

describe("a leader", () => {
  const led = () => {
    const scene = MissionScene.of({ stopConditions: never, leadership: { enabled: true, leaseMs: 3_000 } });
    for (const agent of ["anna", "ben"]) {
      scene.join(agent);
      scene.driver.advance(10);
    }
    return scene;
  };

  it("is the participant that joined first, as long as it responds", () => {
    const scene = led();
    for (let passed = 0; passed < 5; passed++) {
      scene.driver.advance(2_000);
      heartbeat(scene, "anna");
    }
    assert.equal(scene.view.leader, "anna");
  });

  it("is replaced by a responding participant when it goes silent", () => {
    const scene = led();
    scene.driver.advance(2_000);
    heartbeat(scene, "ben");
    scene.driver.advance(1_000);
    assert.equal(scene.view.leader, "ben");
    scene.driver.advance(3_000);
    assert.equal(scene.view.leader, "", "nobody is heard");
    heartbeat(scene, "anna");
    assert.equal(scene.view.leader, "anna");
  });

  it("is replaced when it leaves, and a mission without participants has no leader", () => {
    const scene = led();
    leave(scene, "anna");
    assert.equal(scene.view.leader, "ben");
    leave(scene, "ben");
    assert.equal(scene.view.leader, "");
  });
});
