/** Rounds of loops. */

import { TaskStatus } from "@tutti/contracts/types/v1";
import { RoundBegunV1, RoundEndedV1 } from "@tutti/contracts/workflow/v1";
import { encodeJson } from "@tutti/machine-work";
import { outputsOf } from "../../core/evaluate/outputs.ts";
import {
  addRange,
  nodeOf,
  removeFromAgenda,
  setStatus,
  startVisit,
  updateAttention,
} from "../../core/node/nodes.ts";
import { startKind } from "../../core/state/kind-state.ts";
import { nodeTimers, timerNumber } from "../../core/state/numbers.ts";
import { detailOf, type Range, type RunEvent } from "../../core/state/state.ts";

export const roundBegun: RunEvent<RoundBegunV1> = {
  type: "round_begun",
  version: 1,
  codec: RoundBegunV1,
  evolve(run, { node: number, round, beginMs, initial, keepsLast }, outstanding) {
    const node = startVisit(run, number, beginMs, outstanding);
    const detail = detailOf(node);
    const state = startKind(detail, "loop");
    if (round === 1) state.last = initial.length === 0 ? undefined : initial;
    outstanding.cleared(timerNumber(number, nodeTimers.round));
    detail.dueMs = 0;
    state.isRoundOver = false;
    state.round = round;
    state.parts = run.ranges.length;
    setStatus(run, node, TaskStatus.TASK_STATUS_WAITING);
    const { plan, planPlace } = node.range;
    const work = plan.work(plan.task(node.task));
    const scope = work.kind === "loop" ? work.scope : -1;
    const range = addRange(run, { owner: number, plan, planPlace, scope, round });
    if (keepsLast) range.ownValue = state.last ?? noValue;
    updateAttention(run, node);
  },
};

export const roundEnded: RunEvent<RoundEndedV1> = {
  type: "round_ended",
  version: 1,
  codec: RoundEndedV1,
  evolve(run, { node: number, output, nextMs }, outstanding) {
    const node = nodeOf(run, number);
    const detail = detailOf(node);
    const state = startKind(detail, "loop");
    state.last = output.length > 0 ? output : outputsOf(run, run.ranges[state.parts] as Range);
    detail.dueMs = nextMs;
    // Without a pause the next round starts in the same step, or when a run continues that was reset to a
    // point in between.
    state.isRoundOver = nextMs === 0;
    if (nextMs === 0) return;
    // Its parts need no attention until the next round.
    state.isAttended = false;
    removeFromAgenda(run, number);
    outstanding.timer(timerNumber(number, nodeTimers.round), nextMs);
  },
};

const noValue = encodeJson(null);
