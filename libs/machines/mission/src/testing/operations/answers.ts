/** Decisions of people, outcomes of children, and results of effects. */
import { WorkStatus } from "@tutti/contracts/types/v1";
import {
  CompleteTask,
  ConfirmChild,
  EndChild,
  FailTask,
  RefuseChild,
  ReturnTask,
} from "@tutti/contracts/workflow/v1";
import type { MachineCall } from "@tutti/kernel/testing";
import fc from "fast-check";
import type { MissionEffect } from "../../core/state/effects.ts";
import { json } from "../mission-scene.ts";
import { amounts, often, reason, to, type Weighted } from "./values.ts";

const statuses = [
  WorkStatus.WORK_STATUS_COMPLETED,
  WorkStatus.WORK_STATUS_FAILED,
  WorkStatus.WORK_STATUS_CANCELLED,
];
const childEnd = fc
  .record({
    mission: fc.constantFrom("one", "two"),
    task: fc.constantFrom("kid", "sub"),
    attempt: fc.constantFrom("", "", ".2", ".3"),
    status: fc.constantFrom(...statuses),
    used: amounts,
  })
  .map(({ mission, task, attempt, status, used }) => ({
    key: { namespace: "default", kind: "mission", id: mission },
    command: "end_child",
    body: EndChild.fromPartial({
      taskId: task,
      ending: {
        runId: `${mission}..${task}..${task === "kid" ? 3 : 4}${attempt}`,
        status,
        output: Uint8Array.of(49),
      },
      used,
    }),
  }));

export const answerOperations: readonly Weighted[] = [
  often(
    8,
    to(
      "decide_mission_question",
      fc.record({
        approvalId: fc.constantFrom("q1", "q1", "q2", "q3", "r9"),
        approved: fc.boolean(),
        roles: fc.constantFrom([], ["ada"], ["ben"]),
        data: fc.constantFrom(undefined, json({ tokens: 5, money: 1, timeMs: 500 }), json({ winner: "yes" })),
        reason,
      }),
    ),
  ),
  often(8, childEnd),
];

/** Questions of rules about an output. */
export function questionsOf(random: number) {
  const first = { rule: "shop/dear@3", message: "May it?", approvalsNeeded: 1 };
  if (random < 0.54) return [first];
  const named = { rule: "system/odd@1", message: "Is it odd?", deciders: ["ada"], approvalsNeeded: 1 };
  return random < 0.57 ? [{ ...first, timeoutMs: 2_000 }] : [named, { ...first, approvalsNeeded: 2 }];
}

/** Final result of an effect. */
export function resultOf(effect: unknown, random: number): Omit<MachineCall, "key"> {
  const missionEffect = effect as MissionEffect;
  if (missionEffect.kind === "start_child")
    return random < 0.8
      ? {
          command: "confirm_child",
          body: ConfirmChild.fromPartial({ id: missionEffect.childId, hash: "hash" }),
        }
      : { command: "refuse_child", body: RefuseChild.fromPartial({ error: { code: "child.refused" } }) };
  const agent = random < 0.5 ? "anna" : "dora";
  const used = { tokens: random < 0.3 ? 3 : 0, money: 0.2 };
  if (random < 0.6)
    return {
      command: "complete_task",
      body: CompleteTask.fromPartial({
        ...{ output: Uint8Array.of(49), agent, used, questions: random > 0.5 ? questionsOf(random) : [] },
      }),
    };
  if (random < 0.8)
    return {
      command: "fail_task",
      body: FailTask.fromPartial({ error: { code: "work.broken" }, agent, used }),
    };
  const lost = random < 0.95;
  return {
    command: "return_task",
    body: ReturnTask.fromPartial({ retryAfterMs: 200, message: "busy", lost }),
  };
}
