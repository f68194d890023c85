/** Tasks are added, claimed, ended, handed off and delegated. */
import {
  AddTasksRequest,
  BringInOutcomesRequest,
  ClaimBoardTasks,
  CompleteJudgedTasks,
  CompleteTasksRequest,
  DelegateTaskRequest,
  HandOffTaskRequest,
} from "@tutti/contracts/swarm/v1";
import fc from "fast-check";
import { json } from "../mission-scene.ts";
import { questionsOf } from "./answers.ts";
import { spec } from "./orders.ts";
import {
  agentOrNone,
  agents,
  amounts,
  claimId,
  id,
  often,
  rare,
  reason,
  startMs,
  to,
  type Weighted,
} from "./values.ts";

const end = fc.record({
  claimId,
  outcome: fc.constantFrom(
    { $case: "output" as const, value: json(1) },
    { $case: "output" as const, value: json("no") },
    { $case: "failed" as const, value: { code: "work.broken" } },
  ),
  used: amounts,
});

const outcome = fc.constantFrom(
  { result: { $case: "completed" as const, value: json(3) } },
  { result: { $case: "failed" as const, value: { code: "elsewhere" } } },
  { result: { $case: "cancelled" as const, value: { code: "elsewhere" } } },
);

export const boardOperations: readonly Weighted[] = [
  often(
    6,
    to(
      "add_tasks",
      fc
        .record({
          tasks: fc.array(spec, { minLength: 1, maxLength: 2 }),
          agentId: agentOrNone,
          parentTaskId: fc.constantFrom("", "", "", "a"),
        })
        .map((body) => AddTasksRequest.fromPartial(body as never)),
    ),
  ),
  rare(
    "withdraw_tasks",
    fc.record({
      namespace: fc.constant(""),
      missionId: fc.constant(""),
      taskIds: fc.array(id, { minLength: 1, maxLength: 2 }),
      reason,
    }),
  ),
  often(
    2,
    to(
      "bring_in_outcomes",
      fc
        .record({ outcomes: fc.array(fc.record({ taskId: id, outcome }), { maxLength: 2 }) })
        .map((body) => BringInOutcomesRequest.fromPartial(body as never)),
    ),
  ),
  rare("resume_board_tasks", fc.record({ taskIds: fc.constantFrom([], ["a"]), reason })),
  often(
    16,
    to(
      "claim_board_tasks",
      fc
        .record({
          agentId: agents,
          count: fc.nat(3),
          leaseMs: fc.constantFrom(0, 2_000, 9_000),
          taskIds: fc.constantFrom<string[]>([], [], ["a", "b"]),
        })
        .map((request) => ClaimBoardTasks.fromPartial({ request })),
    ),
  ),
  often(
    4,
    to(
      "renew_claims",
      fc.record({
        namespace: fc.constant(""),
        missionId: fc.constant(""),
        agentId: agents,
        renewals: fc.array(fc.record({ claimId, progress: fc.constantFrom(0, 0.5), message: reason }), {
          minLength: 1,
          maxLength: 4,
        }),
        leaseMs: fc.constantFrom(0, 5_000),
      }),
    ),
  ),
  rare(
    "release_tasks",
    fc.record({
      namespace: fc.constant(""),
      missionId: fc.constant(""),
      agentId: agents,
      claimIds: fc.array(claimId, { maxLength: 4 }),
      reason,
    }),
  ),
  often(
    8,
    to(
      "complete_tasks",
      fc
        .record({ agentId: agents, ends: fc.array(end, { minLength: 1, maxLength: 5 }) })
        .map((body) => CompleteTasksRequest.fromPartial(body as never)),
    ),
  ),
  often(
    4,
    to(
      "complete_judged_tasks",
      fc
        .record({
          agentId: agents,
          claim: claimId,
          end,
          random: fc.double({ min: 0.5, max: 0.6, noNaN: true }),
        })
        .map(({ agentId, claim, end: ending, random }) => ({
          ends: { agentId, ends: [{ ...(ending as object), claimId: claim }] },
          questions: [{ claimId: claim, questions: questionsOf(random) }],
        }))
        .map((body) => CompleteJudgedTasks.fromPartial(body as never)),
    ),
  ),
  often(
    12,
    to(
      "hand_off_task",
      fc
        .record({
          agentId: agents,
          claimId,
          to: fc.constantFrom({ $case: "toAgentId", value: "ben" }, { $case: "toRole", value: "editor" }),
          reason,
        })
        .map((body) => HandOffTaskRequest.fromPartial(body as never)),
    ),
  ),
  often(
    12,
    to(
      "delegate_task",
      fc
        .record({
          agentId: agents,
          claimId,
          task: spec,
          toAgentId: fc.constantFrom("", "", "ben"),
          authority: fc.constantFrom(
            undefined,
            { capabilities: ["work"], mayDelegate: true, budget: { tokens: 1 } },
            { expireTime: { seconds: startMs / 1000 + 30, nanos: 0 } },
          ),
        })
        .map((body) => DelegateTaskRequest.fromPartial(body as never)),
    ),
  ),
];
