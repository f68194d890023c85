/** Golden histories of the kinds of tasks that are more than an attempt, and of runs of states. */
import { Verdict, WorkStatus } from "@tutti/contracts/types/v1";
import {
  AddTasks,
  BringInOutcomes,
  ClaimApproval,
  ConfirmChild,
  DecideApproval,
  DelegateApproval,
  EndChild,
  ReleaseApproval,
  SignalRun,
  UpdateRun,
  WithdrawTasks,
} from "@tutti/contracts/workflow/v1";
import { checkAddition } from "@tutti/definitions";
import { type GoldenStories, goldenOf } from "@tutti/kernel/testing";
import {
  addTasks,
  bringInOutcomes,
  claimApproval,
  confirmChild,
  decideApproval,
  delegateApproval,
  releaseApproval,
  signalRun,
  updateRun,
  withdrawTasks,
} from "../src/index.ts";
import { endChild } from "../src/life/results/children.ts";
import { type definitions, jsonBytes, type RunScene } from "../src/testing/index.ts";

type StartStory = (name: keyof typeof definitions, input: unknown) => RunScene;

const payloadOf = (value: unknown) => ({ body: { $case: "inline" as const, value: jsonBytes(value) } });

function signal(scene: RunScene, name: string, value: unknown): void {
  const body = SignalRun.fromPartial({ signal: name, payload: payloadOf(value) });
  scene.driver.execute(scene.key, signalRun, body);
}

function decide(scene: RunScene, approvalId: string, person: string, verdict: Verdict): void {
  const body = DecideApproval.fromPartial({ approvalId, verdict, roles: [person], reason: `says ${person}` });
  scene.driver.execute(scene.key, decideApproval, body);
}

function claim(scene: RunScene, approvalId: string, person: string): void {
  const body = ClaimApproval.fromPartial({ approvalId, roles: [person] });
  scene.driver.execute(scene.key, claimApproval, body);
}

function delegate(scene: RunScene, approvalId: string, person: string, people: string[]): void {
  const body = DelegateApproval.fromPartial({ approvalId, people, roles: [person], reason: "on leave" });
  scene.driver.execute(scene.key, delegateApproval, body);
}

/** @param start starts the run of a definition, with its plan in the order */
export function kindStories(start: StartStory): GoldenStories {
  const golden = (scene: RunScene, release: string) =>
    goldenOf(scene.driver, scene.machine, scene.key, release);
  return {
    /** Rounds until a condition is true, with a pause between them, and rounds of entries. */
    rounds: (release) => {
      const scene = start("rounds", { items: ["a", "b"] });
      scene.complete("poll#1.fetch", "not yet");
      scene.complete("poll#1.note");
      scene.driver.advance(2_000);
      scene.complete("each[0]#1.work", 1);
      scene.fail("each[1]#1.work");
      scene.complete("poll#2.fetch", "done");
      scene.complete("poll#2.note");
      return golden(scene, release);
    },

    /** A check and a gate send work back. People accept an output, and decide. */
    reviews: (release) => {
      const scene = start("reviews", { items: [1] });
      scene.complete("write", "done");
      scene.complete("write", "text");
      scene.complete("print", "poor");
      scene.complete("write", { a: 1 });
      decide(scene, "write", "anna", Verdict.VERDICT_APPROVED);
      scene.complete("print", "done");
      decide(scene, "ask", "anna", Verdict.VERDICT_APPROVED);
      decide(scene, "ask", "ben", Verdict.VERDICT_APPROVED);
      decide(scene, "again", "anna", Verdict.VERDICT_REJECTED);
      return golden(scene, release);
    },

    /**
     * Rules require approval of outputs: by two, then by another, once with a rejection, and once without a
     * decision in time.
     */
    held: (release) => {
      const scene = start("chain", { a: 1 });
      const rule = { rule: "shop/dear@3", message: "May it?", deciders: ["anna", "ben"], approvalsNeeded: 2 };
      const other = { rule: "system/odd@1", message: "Is it odd?", approvalsNeeded: 1, timeoutMs: 5_000 };
      scene.holdOutput("one", { n: 1 }, rule, other);
      decide(scene, "one", "anna", Verdict.VERDICT_APPROVED);
      decide(scene, "one", "ben", Verdict.VERDICT_APPROVED);
      decide(scene, "one", "eve", Verdict.VERDICT_APPROVED);
      scene.holdOutput("two", { n: 2 }, other);
      scene.driver.advance(6_000);
      return golden(scene, release);
    },

    /**
     * A person claims a question, and the claim expires. Another claim is released, and the question is then
     * decided.
     */
    claimed: (release) => {
      const scene = start("reviews", { items: [] });
      scene.driver.advance(20_000);
      claim(scene, "again", "anna");
      scene.driver.advance(5_000);
      claim(scene, "again", "anna");
      const body = ReleaseApproval.fromPartial({ approvalId: "again", person: "anna" });
      scene.driver.execute(scene.key, releaseApproval, body);
      claim(scene, "again", "anna");
      decide(scene, "again", "anna", Verdict.VERDICT_APPROVED);
      return golden(scene, release);
    },

    /** One of two deciders delegates the answer to others, who answer for that decider. */
    delegated: (release) => {
      const scene = start("reviews", { items: [] });
      delegate(scene, "ask", "anna", ["carl", "dora"]);
      for (const person of ["carl", "dora", "ben"]) decide(scene, "ask", person, Verdict.VERDICT_APPROVED);
      return golden(scene, release);
    },

    /** The decision does not come in time. */
    expired: (release) => {
      const scene = start("reviews", { items: [] });
      scene.driver.advance(20_000);
      return golden(scene, release);
    },

    /** Updates change variables. */
    told: (release) => {
      const scene = start("told", null);
      const body = UpdateRun.fromPartial({ update: "add", payload: payloadOf(2) });
      scene.driver.execute(scene.key, updateRun, body);
      signal(scene, "go", "now");
      return golden(scene, release);
    },

    /** From state to state: by signals, times, and the end of the state's activity. */
    machine: (release) => {
      const scene = start("machine", null);
      scene.driver.advance(1_000);
      signal(scene, "go", 1);
      scene.complete("idle.on.go.do0");
      scene.complete("work.run", "well");
      scene.complete("work.exit0");
      scene.driver.advance(6_000);
      scene.fail("work.run#2");
      scene.complete("work.exit0#2");
      signal(scene, "kept", 1);
      signal(scene, "stop", 1);
      return golden(scene, release);
    },

    /** Tasks are added by a result and from outside, and are executed elsewhere. */
    spawned: (release) => {
      const scene = start("spawned", null);
      const { definition } = checkAddition(
        { more: { uses: "test.more", needs: ["first"] }, most: { uses: "test.most", needs: ["more"] } },
        { exists: (id) => id === "first" },
      );
      const body = AddTasks.fromPartial({ plan: jsonBytes(definition?.plan), reason: "more to do" });
      scene.driver.execute(scene.key, addTasks, body);
      const out = WithdrawTasks.fromPartial({ taskIds: ["most", "leaf"], reason: "done elsewhere" });
      scene.driver.execute(scene.key, withdrawTasks, out);
      scene.complete("leaf", 1);
      scene.complete("first", 2);
      const outcome = { result: { $case: "completed" as const, value: payloadOf("there") } };
      const outcomes = BringInOutcomes.fromPartial({ outcomes: [{ taskId: "most", outcome }] });
      scene.driver.execute(scene.key, bringInOutcomes, outcomes);
      scene.complete("fruit", 3);
      return golden(scene, release);
    },

    /** Code of a worker: local steps, tasks, their outcomes, a worker without the journal, its end. */
    coded: (release) => {
      const scene = start("coded", { total: 5 });
      const turn = (known: number, fields: object) =>
        scene.complete("code", { function: 1, known, ...fields });
      const leaf = { task: "leaf", at: "code.ts:3", spec: { uses: "test.leaf", retry: 1 } };
      const nap = { task: "nap", at: "code.ts:4", spec: { wait: "3s" } };
      turn(0, { steps: [{ step: "sum", at: "code.ts:2", atMs: 1, output: 5 }, leaf, nap] });
      scene.fail("leaf");
      turn(4, { cold: true });
      turn(4, {
        steps: [
          { set: "phase", value: "late" },
          { undo: "mend", at: "code.ts:6" },
        ],
      });
      scene.driver.advance(3_000);
      turn(7, { steps: [{ step: "bad", error: { code: "test.bad", message: "no" } }], end: { output: 1 } });
      scene.complete("after");
      return golden(scene, release);
    },

    /** Waits that end by a signal, by their time, and by a timeout. */
    waits: (release) => {
      const scene = start("waits", {});
      signal(scene, "stop", "soon");
      scene.driver.advance(5_000);
      return golden(scene, release);
    },

    /** A child that fails, is started again, and succeeds. */
    children: (release) => {
      const scene = start("children", { n: 1 });
      for (const status of [WorkStatus.WORK_STATUS_FAILED, WorkStatus.WORK_STATUS_COMPLETED]) {
        const [first] = scene.driver.effects;
        if (first === undefined) break;
        const { childId } = first.effect as { readonly childId: string };
        scene.driver.settle(first, confirmChild, ConfirmChild.fromPartial({ id: childId, hash: "h" }));
        const ending = { runId: childId, status, output: jsonBytes(status) };
        scene.driver.execute(scene.key, endChild, EndChild.fromPartial({ taskId: "sub", ending }));
        scene.driver.advance(2_000);
      }
      return golden(scene, release);
    },
  };
}
