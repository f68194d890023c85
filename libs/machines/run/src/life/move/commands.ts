/** Moves a run to another version of its definition. */
import { MoveReview, MoveRunTo, MoveVerdict, RunMovedV1, RunSnapshotV1 } from "@tutti/contracts/workflow/v1";
import type { Query, Refusal } from "@tutti/kernel";
import { isDone, reasonOf, StepBudget } from "@tutti/machine-work";
import { release } from "../../core/node/nodes.ts";
import { planNeededBy } from "../../core/plan/plan-of.ts";
import {
  isPresent,
  isWithdrawn,
  type Run,
  type RunCommand,
  type RunEvent,
  type RunView,
} from "../../core/state/state.ts";
import { runErrors } from "../../errors.ts";
import { stopAllChildren } from "../../kinds/child/stopping.ts";
import { advance } from "../advance/advance.ts";
import { clearRun } from "../run/events.ts";
import { recoverRun } from "../snapshot/recovery.ts";
import { runOf } from "../snapshot/snapshots.ts";
import { moved } from "./move.ts";

export const moveRun: RunCommand<MoveRunTo, MoveReview> = {
  type: "move_run",
  codec: MoveRunTo,
  reply: MoveReview,
  needs: planNeededBy,
  decide(run, request, step) {
    const refusal = refusalOf(run, step.key.id);
    if (refusal !== undefined) return refusal;
    if (run.order?.hash === request.hash) return identical(request.hash);
    const { review, snapshot, removed, numbers } = moved(run, run.plans.plan(request.hash), request);
    const [problem] = review.problems;
    if (snapshot === undefined)
      return runErrors.moveRefused.refusal({
        id: step.key.id,
        verdict: verdictNames[review.verdict] ?? "",
        problem: `${problem?.id ? `\`${problem.id}\` ` : ""}${problem?.message ?? ""}`,
      });
    // Children of removed tasks are cancelled.
    stopAllChildren(run, step, new StepBudget(), "cancel", ({ number }) => removed.has(number));
    step.emit(runMoved, {
      hash: request.hash,
      fromHash: run.order?.hash ?? "",
      snapshot: RunSnapshotV1.encode(snapshot).finish(),
      reason: reasonOf(request.reason),
      moveMs: step.nowMs,
      numbers: [...numbers],
      gone: [...removed],
    });
    advance(run, step);
    return review;
  },
};

/** Returns what a move would change. The plan is loaded. */
export const reviewMove: Query<Run, MoveRunTo, MoveReview> = {
  type: "review_move",
  answer(run, request, { key }) {
    const refusal = refusalOf(run, key.id);
    if (refusal !== undefined) return refusal;
    if (run.order?.hash === request.hash) return identical(request.hash);
    return moved(run, run.plans.plan(request.hash), request).review;
  },
};

function identical(hash: string): MoveReview {
  return MoveReview.create({ verdict: MoveVerdict.MOVE_VERDICT_IDENTICAL, hash });
}

export const verdictNames: Readonly<Record<number, string>> = {
  [MoveVerdict.MOVE_VERDICT_IDENTICAL]: "identical",
  [MoveVerdict.MOVE_VERDICT_SAFE]: "safe",
  [MoveVerdict.MOVE_VERDICT_BUSY]: "busy",
  [MoveVerdict.MOVE_VERDICT_NEEDS_MAPPING]: "needs mapping",
  [MoveVerdict.MOVE_VERDICT_IMPOSSIBLE]: "impossible",
};

function refusalOf(run: RunView, id: string): Refusal | undefined {
  if (!isPresent(run)) return runErrors.runMissing.refusal({ id });
  if (isWithdrawn(run) || run.order?.hash === "") return runErrors.moveUnversioned.refusal({ id });
  return undefined;
}

/** State of the run on the version. Effects and timers of nodes that keep their numbers stay unchanged. */
export const runMoved: RunEvent<RunMovedV1> = {
  type: "run_moved",
  version: 1,
  codec: RunMovedV1,
  described: true,
  needs: planNeededBy,
  evolve(run, { snapshot }, outstanding) {
    const before = run.nodes;
    clearRun(run, outstanding);
    const next = runOf(RunSnapshotV1.decode(snapshot), run.plans);
    for (const node of before) {
      if (node === undefined) continue;
      const movedNode = next.nodes[node.number];
      const isUnchanged =
        movedNode !== undefined && movedNode.attempt === node.attempt && movedNode.status === node.status;
      if (!isUnchanged || isDone(node.status)) release(node.number, outstanding);
    }
    Object.assign(run, next, { key: run.key });
    recoverRun(run, outstanding);
  },
};
