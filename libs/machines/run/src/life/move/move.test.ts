import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type MoveReview, MoveRunTo, MoveVerdict, SignalRun } from "@tutti/contracts/workflow/v1";
import { isRefusal, type Refusal } from "@tutti/kernel";
import { jsonBytes, jsonOf, RunScene } from "../../testing/index.ts";
import { cancelRun, pauseRun, resumeRun } from "../control/commands.ts";
import { showRun } from "../queries/run.ts";
import { resetRun } from "../repair/commands.ts";
import { signalRun } from "../results/signals.ts";
import { endingOf } from "../run/end.ts";
import { moveRun, reviewMove, verdictNames } from "./commands.ts";

const text = `workflow: order
tasks:
  reserve: {uses: stock.reserve}
  charge: {uses: pay.charge, needs: [reserve], with: {amount: 1}}
  ship: {uses: ship.out, needs: [charge]}
output: "\${{ tasks.ship.output }}"
`;
const fixed = text.replace("with: {amount: 1}", "with: {amount: 2}");
const longer = `workflow: order
tasks:
  check: {uses: risk.check}
  reserve: {uses: stock.reserve}
  charge: {uses: pay.charge, needs: [reserve, check], with: {amount: 2}}
  note: {uses: mail.send, needs: [charge]}
  ship: {uses: ship.out, needs: [charge]}
output: "\${{ tasks.ship.output }}"
`;

type To = Parameters<typeof MoveRunTo.fromPartial>[0];

function move(scene: RunScene, to: string, more: To = {}) {
  const body = MoveRunTo.fromPartial({ hash: scene.definitions.add(to), reason: "fixed", ...more });
  return scene.driver.execute(scene.key, moveRun, body) as MoveReview | Refusal;
}

function review(scene: RunScene, to: string, more: To = {}) {
  const body = MoveRunTo.fromPartial({ hash: scene.definitions.add(to), ...more });
  const answer = scene.driver.query(scene.key, reviewMove, body);
  assert.ok(!isRefusal(answer), JSON.stringify(answer));
  const { verdict, problems, notes } = answer as MoveReview;
  return {
    verdict: verdictNames[verdict],
    problems: problems.map(({ id, message }) => `${id}: ${message}`),
    notes,
  };
}

function moves(scene: RunScene, to: string, more: To = {}): void {
  const answer = move(scene, to, more);
  assert.ok(!isRefusal(answer), JSON.stringify(answer));
}

function ended(scene: RunScene): unknown {
  const { output } = endingOf(scene.state);
  return output === undefined ? undefined : jsonOf(output);
}

describe("a run that continues on another version", () => {
  it("keeps results and runs the remaining tasks of the new version", () => {
    const scene = RunScene.of(text);
    scene.complete("reserve", "r");
    assert.deepEqual(review(scene, fixed).verdict, "safe");
    moves(scene, fixed, { versionLabel: "5" });
    assert.deepEqual(scene.offered, ["charge"], "the attempt continues");
    scene.complete("charge");
    scene.complete("ship", "out");
    assert.equal(ended(scene), "out");
    const reply = scene.driver.query(scene.key, showRun, { withPayloads: true }) as unknown as {
      run?: { definition?: unknown };
    };
    assert.match(JSON.stringify(reply), /"5"/);
  });

  it("offers a task again as a new attempt if the version requires another version of its capability", () => {
    const scene = RunScene.of(text);
    const late = scene.offer("reserve");
    const pinned = text.replace("uses: stock.reserve", "uses: stock.reserve@2.0.0");
    assert.deepEqual(review(scene, pinned), { verdict: "safe", problems: [], notes: [] });
    moves(scene, pinned);
    const { attempt, effect } = scene.offer("reserve");
    assert.ok(attempt > late.attempt);
    assert.equal(effect.profile.versionRange, "2.0.0");
    scene.complete("reserve");
    assert.deepEqual(scene.offered, ["charge"]);
  });

  it("waits for a queued attempt that runs at most once, or has it start again", () => {
    const atMostOnce = text.replace("{uses: stock.reserve}", "{uses: stock.reserve, retry: {onLost: fail}}");
    const scene = RunScene.of(atMostOnce);
    const other = atMostOnce.replace("stock.reserve", "stock.hold");
    assert.equal(review(scene, other).verdict, "busy");
    assert.equal(review(scene, other, { restart: true }).verdict, "safe");
  });

  it("uses the new input of a pending task", () => {
    const scene = RunScene.of(text);
    moves(scene, fixed);
    scene.complete("reserve");
    const { input = new Uint8Array() } = scene.offer("charge").effect;
    assert.deepEqual(jsonOf(input as Uint8Array), { amount: 2 });
  });

  it("runs added tasks, including tasks before completed ones, and waits for them", () => {
    const scene = RunScene.of(text);
    scene.complete("reserve");
    moves(scene, longer, { restart: true });
    assert.deepEqual(
      [...scene.offered].sort(),
      ["charge", "check"],
      "charge was queued: it waits for no new need",
    );
    scene.complete("charge");
    scene.complete("check");
    assert.deepEqual([...scene.offered].sort(), ["note", "ship"]);
    scene.complete("note");
    scene.complete("ship", 7);
    assert.equal(ended(scene), 7);
  });

  it("waits for an attempt whose node has another number, or restarts the attempt", () => {
    const scene = RunScene.of(text);
    scene.complete("reserve");
    const late = scene.offer("charge");
    const { verdict, problems } = review(scene, longer);
    assert.equal(verdict, "busy");
    assert.match(problems[0] ?? "", /^charge: it is queued: wait for its end, or restart it/);
    assert.ok(isRefusal(move(scene, longer)));
    moves(scene, longer, { restart: true });
    assert.ok(scene.offer("charge").attempt > late.attempt, "a result of the first attempt counts no more");
  });

  it("does not wait for attempts that ended while it was paused", () => {
    const scene = RunScene.of(text);
    scene.driver.execute(scene.key, pauseRun, { reason: "to be moved" });
    scene.complete("reserve");
    assert.equal(review(scene, longer).verdict, "safe");
    moves(scene, longer);
    assert.deepEqual(scene.offered, []);
    scene.driver.execute(scene.key, resumeRun, { taskIds: [], reason: "moved" });
    assert.deepEqual(scene.offered, ["check"]);
  });

  it("is identical if only descriptions differ", () => {
    const scene = RunScene.of(text);
    assert.equal(review(scene, `${text}description: Orders\n`).verdict, "identical");
    assert.equal(review(scene, text).verdict, "identical");
  });

  it("knows a renamed task by its work", () => {
    const scene = RunScene.of(text);
    scene.complete("reserve", 3);
    scene.complete("charge", "paid");
    const renamed = text.replaceAll("charge", "collect").replace("pay.collect", "pay.charge");
    assert.equal(review(scene, renamed).verdict, "safe");
    moves(scene, renamed);
    scene.complete("ship", "s");
    assert.equal(ended(scene), "s");
  });

  it("needs a mapping for a started task that is not in the version", () => {
    const scene = RunScene.of(text);
    scene.complete("reserve", 3);
    const without = text.replace("  reserve: {uses: stock.reserve}\n", "").replace(", needs: [reserve]", "");
    const { verdict, problems } = review(scene, without);
    assert.equal(verdict, "needs mapping");
    assert.match(
      problems.join(),
      /reserve: it completed and is not in the version: .*`reserve=NEW`.*`reserve=`/,
    );
    const dropped = review(scene, without, { map: { reserve: "" } });
    assert.equal(dropped.verdict, "busy", "charge is offered and has another number");
    moves(scene, without, { map: { reserve: "" }, restart: true });
    scene.complete("charge");
    scene.complete("ship", 1);
    assert.equal(ended(scene), 1);
  });

  it("accepts an explicit task mapping", () => {
    const scene = RunScene.of(text);
    scene.complete("reserve", 3);
    const other = text
      .replace("reserve: {uses: stock.reserve}", "hold: {uses: stock.hold}")
      .replace("[reserve]", "[hold]");
    assert.equal(review(scene, other).verdict, "needs mapping");
    assert.equal(review(scene, other, { map: { reserve: "hold" } }).verdict, "safe");
    assert.match(
      review(scene, other, { map: { nothing: "hold" } }).problems.join(),
      /nothing: the run's version has no/,
    );
    assert.match(review(scene, other, { map: { reserve: "none" } }).problems.join(), /has no task `none`/);
    moves(scene, other, { map: { reserve: "hold" } });
    assert.deepEqual(scene.offered, ["charge"]);
  });

  it("cannot move after its end, or if a started task has another kind in the version", () => {
    const scene = RunScene.of(text);
    const withApproval = text.replace("reserve: {uses: stock.reserve}", "reserve: {approve: {title: Sure}}");
    const { verdict, problems } = review(scene, withApproval);
    assert.equal(verdict, "impossible");
    assert.match(problems.join(), /reserve: it is queued as `uses`, and is `approve`/);
    scene.driver.execute(scene.key, cancelRun, { reason: "enough", noCompensate: false });
    assert.equal(review(scene, fixed).verdict, "impossible");
    assert.ok(isRefusal(move(scene, fixed)));
  });

  it("continues rounds, entries and waits", () => {
    const before = `workflow: much
tasks:
  each: {uses: test.each, forEach: "\${{ [1, 2, 3] }}", with: "\${{ item }}"}
  poll:
    loop:
      max: 5
      until: tasks.look.output == true
      tasks:
        look: {uses: test.look}
  sign: {wait: {signal: signed}}
  last: {uses: test.last, needs: [each, poll, sign]}
`;
    const after = before
      .replace("tasks:\n  each", "tasks:\n  first: {uses: test.first}\n  each")
      .replace(
        "look: {uses: test.look}",
        "look: {uses: test.look}\n        rest: {uses: test.rest, needs: [look]}",
      );
    const scene = RunScene.of(before);
    scene.complete("each[1]", 2);
    scene.complete("poll#1.look", false);
    moves(scene, after, { restart: true });
    assert.deepEqual([...scene.offered].sort(), ["each[0]", "each[2]", "first", "poll#2.look"]);
    scene.complete("each[0]", 1);
    scene.complete("each[2]", 3);
    scene.complete("first");
    scene.complete("poll#2.look", true);
    scene.complete("poll#2.rest");
    assert.deepEqual(scene.offered, []);
    const signal = SignalRun.fromPartial({
      signal: "signed",
      payload: { body: { $case: "inline", value: jsonBytes(true) } },
    });
    scene.driver.execute(scene.key, signalRun, signal);
    scene.complete("last", "end");
    assert.equal(endingOf(scene.state).status > 0, true);
  });

  it("stays in its state, and uses the transitions of the new version", () => {
    const before = `workflow: door
states:
  open: {on: {shut: closed}}
  closed: {final: true}
initial: open
`;
    const scene = RunScene.of(before);
    const after = `workflow: door
states:
  idle: {on: {go: open}}
  open: {on: {shut: locked}}
  locked: {entry: [{uses: test.lock}], on: {free: closed}}
  closed: {final: true}
initial: idle
`;
    const answer = review(scene, after);
    assert.equal(answer.verdict, "safe", JSON.stringify(answer));
    moves(scene, after);
    scene.driver.execute(scene.key, signalRun, SignalRun.fromPartial({ signal: "shut" }));
    assert.deepEqual(scene.offered, ["locked.entry0"]);
    const withoutState = after.replaceAll("locked", "bolted");
    assert.match(review(scene, withoutState, {}).problems.join(), /locked: it is in this state/);
  });

  it("can be reset to before the move", () => {
    const scene = RunScene.of(text);
    scene.complete("reserve", 3);
    const at = scene.events.length;
    moves(scene, longer, { restart: true });
    scene.driver.execute(scene.key, resetRun, scene.resetTo(at));
    assert.deepEqual(scene.offered, ["charge"]);
    scene.complete("charge");
    scene.complete("ship", "as before");
    assert.equal(ended(scene), "as before");
  });

  it("names its verdicts", () => {
    for (const verdict of Object.values(MoveVerdict).filter((value) => Number(value) > 0))
      assert.ok(verdictNames[Number(verdict)]);
  });
});
