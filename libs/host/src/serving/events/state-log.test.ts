import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { testFoundation } from "@tutti/kernel/testing";
import { StateLog } from "./state-log.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const usual = new Set(["started", "completed"]);

function setUp() {
  const { time, logger } = testFoundation();
  const log = new StateLog(
    { logger, clock: time },
    { noun: "mission", prefix: "tutti.swarm.mission.", usual },
  );
  const changed = (id: string, type: string, traceparent = `00-${traceId}-b7ad6b7169203331-01`) => {
    const cause = { actor: undefined, traceparent, decision: "", reason: "" };
    log.changed({ key: { namespace: "default", kind: "mission", id }, type, cause });
  };
  return { time, changed, lines: logger.lines };
}

describe("the log of states", () => {
  it("has a line at info with the id, the state and the trace id, of changes of state only", () => {
    const { changed, lines } = setUp();
    changed("m1", "tutti.swarm.mission.started");
    changed("m1", "tutti.swarm.vote.opened");
    changed("m2", "tutti.swarm.mission.failed", "");
    assert.deepEqual(
      lines.map(({ level, message, fields }) => [level, message, fields]),
      [
        [
          "info",
          "mission state changed: started",
          { namespace: "default", mission: "m1", to: "started", traceId },
        ],
        ["info", "mission state changed: failed", { namespace: "default", mission: "m2", to: "failed" }],
      ],
    );
  });

  it("limits each kind that every mission has, counts the others, and has a line for each failure", () => {
    const { time, changed, lines } = setUp();
    for (let number = 0; number < 150; number++) {
      changed(`m${number}`, "tutti.swarm.mission.started");
      changed(`m${number}`, "tutti.swarm.mission.completed");
    }
    const count = (message: string) => lines.filter((line) => line.message === message).length;
    assert.equal(count("mission state changed: started"), 100);
    assert.equal(count("mission state changed: completed"), 100);
    changed("bad", "tutti.swarm.mission.failed");
    assert.deepEqual(
      lines.slice(-2).map(({ message, fields }) => [message, fields["count"]]),
      [
        ["mission state changes not logged", 100],
        ["mission state changed: failed", undefined],
      ],
    );
    time.advance(1_000);
    for (let number = 0; number < 50; number++) changed(`m${number}`, "tutti.swarm.mission.started");
    assert.equal(count("mission state changed: started"), 110);
  });
});
