import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Mode } from "@tutti/contracts/session/v1";
import { Cause, WorkStatus } from "@tutti/contracts/types/v1";
import { type InstanceKey, isRefusal, silentLogger } from "@tutti/kernel";
import { VirtualTime } from "@tutti/kernel/testing";
import { pauseSession, resumeSession } from "@tutti/machine-session";
import { accepted, json, SessionScene, taskSpec } from "@tutti/machine-session/testing";
import { HeldPlans } from "../plan/held-plans.ts";
import { Loops } from "../session/loops.ts";
import { ReadLimiter } from "../session/read-limiter.ts";
import { SessionCommands } from "../session/session-commands.ts";
import { SessionUpdates } from "../session/session-updates.ts";
import { Deciding, type DecidingParts } from "./deciding.ts";

/** A part whose orchestrator starts nothing, and asks for the next question after this delay. */
function opened(askAgainAfterMs: number) {
  const time = new VirtualTime();
  const scene = SessionScene.of(Mode.MODE_CUSTOM, [taskSpec("a"), taskSpec("b")], { orchestrator: "mine" });
  scene.confirm();
  const counts = { reads: 0, questions: 0 };
  const { driver } = scene;
  const runtime = {
    query({ query, body }: { key: InstanceKey; query: unknown; body: unknown }) {
      counts.reads++;
      return Promise.resolve(driver.query(scene.key, query as never, body as never));
    },
    submit({ command, body, reply }: { command: unknown; body: unknown; reply: (outcome: unknown) => void }) {
      const answer = driver.execute(scene.key, command as never, body as never);
      reply(isRefusal(answer) ? { kind: "refused", refusal: answer } : { kind: "done", reply: answer });
    },
  };
  const foundation = { clock: time, timers: time, logger: silentLogger };
  const loops = new Loops({ logger: silentLogger });
  const output = json({ reason: "not yet", askAgainAfterMs });
  const parts = {
    ...{ loops, foundation, rules: undefined, heldPlans: new HeldPlans(), cause: Cause.create() },
    ...{ updates: new SessionUpdates(time), readLimiter: new ReadLimiter() },
    // The cast is safe: the driver replaces the runtime of one partition.
    commands: new SessionCommands(runtime as never, Cause.create()),
    fleet: { agentsOf: () => Promise.resolve([]) },
    learned: { of: () => Promise.resolve({ times: { estimate: () => undefined } }) },
    runs: {
      startRun() {
        counts.questions++;
        return Promise.resolve({ existed: false });
      },
      awaitRun: () =>
        Promise.resolve({
          run: {
            parent: { id: scene.key.id },
            status: WorkStatus.WORK_STATUS_COMPLETED,
            outcome: { result: { $case: "completed", value: output } },
          },
        }),
    },
  } as unknown as DecidingParts;
  const { effect } = scene.effect("plan_part");
  const token = { partition: 0, incarnation: 1, number: 1, attempt: 1 };
  new Deciding(parts).start({ key: scene.key, token, effect, cause: undefined } as never, effect);
  return { time, scene, counts, loops };
}

describe("a part that the orchestrator of a user decides about", () => {
  it("asks its orchestrator again after the returned pause", async () => {
    const { time, counts, loops } = opened(5_000);
    await time.advanceAsync(1_000);
    assert.equal(counts.questions, 1);
    await time.advanceAsync(30_000);
    assert.ok(counts.questions >= 5 && counts.questions <= 7, `${counts.questions} questions`);
    await time.settle(loops.stop());
  });

  it("does not poll every millisecond while its session is paused and the next question is due", async () => {
    const { time, scene, counts, loops } = opened(5_000);
    await time.advanceAsync(1_000);
    accepted(scene.driver.execute(scene.key, pauseSession, { reason: "lunch" }));
    const before = { ...counts };
    await time.advanceAsync(60_000);
    assert.equal(counts.questions, before.questions, "nothing is asked of a paused session");
    assert.ok(counts.reads - before.reads <= 65, `${counts.reads - before.reads} looks in 60 s`);
    accepted(scene.driver.execute(scene.key, resumeSession, { reason: "" }));
    await time.advanceAsync(2_000);
    assert.ok(counts.questions > before.questions, "it is asked again after the pause");
    await time.settle(loops.stop());
  });
});
