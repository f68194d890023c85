/**
 * A run ends the same way after an intervention at any point: a reset to any of its events, also in the
 * middle of a step, or a move to another version between any two steps.
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { TaskStatus, Verdict, WorkStatus } from "@tutti/contracts/types/v1";
import { ConfirmChild, DecideApproval, MoveRunTo } from "@tutti/contracts/workflow/v1";
import { isRefusal } from "@tutti/kernel";
import { cache } from "@tutti/machine-entities/cache";
import { limit } from "@tutti/machine-limit";
import type { RunEffect } from "../src/core/state/effects.ts";
import { stateOfKind } from "../src/core/state/kind-state.ts";
import { taskIdIn } from "../src/core/state/places.ts";
import { hasEnded, type NodeView } from "../src/core/state/state.ts";
import { isOpen } from "../src/kinds/approve/open.ts";
import { termsOf } from "../src/kinds/approve/seats.ts";
import { moveRun } from "../src/life/move/commands.ts";
import { resetRun } from "../src/life/repair/commands.ts";
import { decideApproval } from "../src/life/results/approvals.ts";
import { confirmChild } from "../src/life/results/children.ts";
import { signalRun } from "../src/life/results/signals.ts";
import { endingOf } from "../src/life/run/end.ts";
import { jsonBytes, jsonOf, RunScene } from "../src/testing/index.ts";

/** Tasks: `bad` fails, the output of `held` needs the approvals of two rules. */
const documents: Readonly<Record<string, string>> = {
  "limits of the run and of a child": `
limits: [{key: one, concurrency: 1}]
tasks:
  sub: {workflow: order, limits: [{key: two, concurrency: 1}, {key: three, concurrency: 1}]}
  list: {workflow: order, needs: [sub], forEach: "[1, 2]", limits: [{key: two, concurrency: 1}]}
`,
  "approvals of rules": "tasks: {held: {uses: t.a}, b: {uses: t.b, needs: [held]}}",
  "approvals of rules in a list": `tasks: {held: {uses: t.a, forEach: "[1, 2]", maxParallel: 1}}`,
  "approvals of rules in a loop": `
tasks:
  l: {loop: {max: 2, every: 2s, until: "round.number >= 2", tasks: {held: {uses: t.a}}, output: "\${{ round.number }}"}}
`,
  "approvals of a check, then of rules": `
tasks:
  ok: {approve: {by: [anna, ben], needed: 2, within: 1h}}
  held: {uses: t.a, needs: [ok], checks: [{name: low, condition: output.n > 2, onFailure: approval}]}
`,
  compensation: `
tasks:
  a: {uses: t.a, compensate: {uses: t.u}}
  b: {uses: t.b, needs: [a], forEach: "[1, 2]", compensate: {uses: t.v}}
  left: {workflow: order, parentClose: abandon}
  bad: {uses: t.bad, needs: [b], retry: {attempts: 2, backoff: 1s}}
`,
  "waits and signals": `
tasks:
  s: {wait: {signal: go}}
  t: {wait: 5s, needs: [s]}
  u: {wait: {signal: go}, needs: [t]}
`,
  "the cache": `
tasks:
  a: {uses: t.a, cache: 1m, with: 1}
  b: {uses: t.a, cache: 1m, with: 1, needs: [a]}
`,
  "work that is sent back": `
tasks:
  a: {uses: t.a, compensate: {uses: t.u}}
  c: {uses: t.c, needs: [a], mayFail: true, checks: [{name: low, condition: output.n > 2, onFailure: sendBack, sendBackTo: a, times: 2}]}
  g: {gate: {check: "tasks.a.output.n > 1", sendBack: a, times: 1}, needs: [{task: c, on: always}], mayFail: true}
  grow: {spawn: "\${{ [{'id': 'leaf', 'uses': 't.leaf'}, {'id': 'fruit', 'uses': 't.fruit', 'needs': ['leaf']}] }}"}
`,
  states: `
vars: {n: 0}
initial: p
states:
  p: {entry: [{uses: t.a}, {uses: t.b}], exit: [{uses: t.c}], run: {uses: t.held}, onDone: [{to: q, do: [{uses: t.e}]}]}
  q: {on: {go: r}, after: {3s: {set: {n: 1}}}}
  r: {entry: [{workflow: order}], final: true}
`,
};

const rules = [
  { rule: "shop/one@1", deciders: ["anna"], approvalsNeeded: 1, timeoutMs: 600_000 },
  { rule: "shop/two@1", deciders: ["ben", "eve"], approvalsNeeded: 2 },
];
const stepsMax = 300;

/** Lets agents, children, people and time act until the run ends, or has this many events. */
function drive(scene: RunScene, events = Number.POSITIVE_INFINITY): void {
  const { driver } = scene;
  for (let step = 0; step < stepsMax && scene.events.length < events; step++) {
    driver.deliverAll();
    if (hasEnded(scene.state)) return;
    if (settle(scene) || decide(scene) || signal(scene)) continue;
    const { nextDueMs } = driver;
    if (nextDueMs === undefined) return;
    driver.advance(Math.max(0, nextDueMs - driver.nowMs));
  }
}

function settle(scene: RunScene): boolean {
  const due = scene.driver.effects.find(({ effect }) => (effect as RunEffect).kind !== "renew_lease");
  if (due === undefined) return false;
  const effect = due.effect as RunEffect;
  if (effect.kind === "start_child") {
    const ending = {
      status: WorkStatus.WORK_STATUS_COMPLETED,
      runId: effect.childId,
      output: jsonBytes("done"),
    };
    scene.driver.settle(due, confirmChild, ConfirmChild.fromPartial({ id: effect.childId, ending }));
  } else if (effect.kind === "offer_task") {
    const { taskId } = effect;
    if (taskId === "bad") scene.fail(taskId);
    else if (taskId.includes("held")) scene.holdOutput(taskId, { n: 1 }, ...rules);
    else scene.complete(taskId, { n: 1 });
  }
  return true;
}

function decide({ driver, key, state }: RunScene): boolean {
  const questionNode = state.nodes.find((node) => node !== undefined && isOpen(node));
  const question = questionNode?.more?.question;
  if (questionNode === undefined || question === undefined) return false;
  const answered = question.decisions.map(({ cause }) => cause?.actor?.id);
  const person = termsOf(questionNode).by.find((name) => !answered.includes(name)) ?? "anna";
  const { approvalId } = question;
  const body = { approvalId, verdict: Verdict.VERDICT_APPROVED, roles: [person] };
  const answer = driver.execute(key, decideApproval, DecideApproval.fromPartial(body));
  assert.ok(!isRefusal(answer));
  return true;
}

function signal({ driver, key, state }: RunScene): boolean {
  const waits = (node: NodeView | undefined) =>
    node?.status === TaskStatus.TASK_STATUS_WAITING && (stateOfKind(node, "wait")?.signal ?? "") !== "";
  const on = state.plan?.plan.states[state.more?.states?.state ?? -1]?.on ?? [];
  if (on.length === 0 && !state.nodes.some(waits)) return false;
  driver.execute(key, signalRun, { signal: "go", payload: undefined });
  return true;
}

function endOf({ state }: RunScene): unknown {
  if (!hasEnded(state))
    return state.nodes.map((node) => node && [taskIdIn(state, node.range, node.number), node.status]);
  const { status, output, error } = endingOf(state);
  return [status, error?.code, output.length === 0 ? undefined : jsonOf(output)];
}

function reset(scene: RunScene, event: number): unknown {
  const answer = scene.driver.execute(scene.key, resetRun, scene.resetTo(event));
  assert.ok(!isRefusal(answer));
  drive(scene);
  return endOf(scene);
}

describe("a run that is reset to any of its events", () => {
  for (const [name, text] of Object.entries(documents)) {
    const start = (): RunScene => {
      const scene = new RunScene(1, [cache, limit]);
      scene.start(`workflow: w\n${text}`);
      return scene;
    };

    it(`ends as before: ${name}`, () => {
      const scene = start();
      drive(scene);
      assert.ok(hasEnded(scene.state));
      const expected = endOf(scene);
      const events = [...scene.events];
      for (const [index, type] of events.entries())
        assert.deepEqual(reset(scene, index + 1), expected, `after its end, to ${index + 1}, ${type}`);
      const half = Math.ceil(events.length / 2);
      for (let event = 1; event <= half; event++) {
        const other = start();
        drive(other, half);
        assert.deepEqual(reset(other, event), expected, `half way, to ${event}, ${events[event - 1]}`);
      }
    });
  }
});

/** Returns the same definition with an additional first task or state: all numbers differ. */
function shifted(text: string): string {
  if (text.includes("states:"))
    return text.replace("initial: p", "initial: zero").replace("states:", "states:\n  zero: {always: p}");
  const extra = "extra: {uses: t.extra}";
  return text.replace("tasks: {", `tasks: {${extra}, `).replace("tasks:\n", `tasks:\n  ${extra}\n`);
}

function withoutExtra([status, code, output]: readonly unknown[]): unknown {
  const { extra: _, ...others } = (output ?? {}) as Readonly<Record<string, unknown>>;
  return [status, code, output === undefined ? undefined : others];
}

describe("a run that is moved to another version at any moment", () => {
  for (const [name, text] of Object.entries(documents))
    for (const restart of [true, false])
      it(`ends as before: ${name}${restart ? ", attempts start again" : ""}`, () => {
        const start = (): RunScene => {
          const scene = new RunScene(1, [cache, limit]);
          scene.start(`workflow: w\n${text}`);
          return scene;
        };
        const uninterrupted = start();
        drive(uninterrupted);
        const expected = withoutExtra(endOf(uninterrupted) as unknown[]);
        let moves = 0;
        for (let event = 1; event < uninterrupted.events.length; event++) {
          const scene = start();
          drive(scene, event);
          const hash = scene.definitions.add(`workflow: w\n${shifted(text)}`);
          const answer = scene.driver.execute(scene.key, moveRun, MoveRunTo.fromPartial({ hash, restart }));
          if (!isRefusal(answer)) moves += 1;
          drive(scene);
          assert.ok(hasEnded(scene.state), `moved at ${event} it ends`);
          assert.deepEqual(withoutExtra(endOf(scene) as unknown[]), expected, `moved at ${event}`);
        }
        assert.ok(!restart || moves > 1, "it was moved");
      });
});
