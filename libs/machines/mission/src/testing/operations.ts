/** Commands to two missions, drawn by chance: few tasks, agents and keys, and little budget, so that they meet. */
import {
  AddTasksRequest,
  BringInOutcomesRequest,
  CastVoteRequest,
  ClaimBoardTasks,
  CompleteTasksRequest,
  DelegateTaskRequest,
  HandOffTaskRequest,
  JoinBoard,
  MissionOrder,
  OpenVoteRequest,
  PutEntriesRequest,
  ReserveBudgetRequest,
  SendMessagesRequest,
  SpendBudgetRequest,
} from "@tutti/contracts/swarm/v1";
import { CheckFailure, TaskSpec, WorkStatus } from "@tutti/contracts/types/v1";
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
import type { MissionEffect } from "../effects.ts";
import { json } from "./mission-scene.ts";

const missions = ["one", "two"].map((id) => ({ namespace: "default", kind: "mission", id }));
// One is spoken to more than the other: what happens in a mission needs several to meet.
const key = fc.constantFrom(
  missions[0],
  missions[0],
  missions[0],
  missions[0],
  missions[0],
  missions[0],
  missions[1],
) as fc.Arbitrary<(typeof missions)[number]>;
const agents = fc.constantFrom("anna", "anna", "anna", "anna", "ben", "carl");
const agentOrNobody = fc.constantFrom("", "", "anna", "ben");
const ids = ["a", "b", "c", "d", "kid", "sub"] as const;
const id = fc.constantFrom(...ids, "e", "f", "g", "h", "i", "j", "k", "l", "m", "n");
const claimId = fc
  .tuple(fc.constantFrom(0, 5, 6, 7, 8), fc.constantFrom(2, 2, 2, 2, 4, 1))
  .map(([node, attempt]) => `c${node}.${attempt}`);
const reason = fc.constantFrom("", "because");
const startMs = 1_767_225_600_000;

const amounts = fc.record({
  tokens: fc.constantFrom(0, 0, 1, 2, 5),
  money: fc.constantFrom(0, 0, 0.1, 0.7),
  timeMs: fc.constantFrom(0, 0, 500),
});

const work = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom("work", "cook").map((value) => ({ $case: "capability" as const, value })),
  },
  { weight: 1, arbitrary: fc.constant({ $case: "mission" as const, value: { name: "flow" } }) },
);

const more = fc.record({
  retry: fc.constantFrom(
    undefined,
    { maxAttempts: 3, initialMs: 500 },
    { maxAttempts: 2, initialMs: 0, pauseWhenExhausted: true },
  ),
  timeouts: fc.constantFrom(undefined, undefined, undefined, undefined, undefined, {
    queueMs: 3_000,
    runMs: 2_000,
    heartbeatMs: 1_500,
    totalMs: 9_000,
  }),
  estimate: fc.constantFrom(undefined, undefined, { tokens: 2, money: 0.3, durationMs: 300 }),
  priority: fc.constantFrom(0, 0, 3),
  when: fc.constantFrom("", "", "", "", "", "input.go == true", "${{ has(board.x) }}"),
  input: fc.constantFrom(
    undefined,
    undefined,
    undefined,
    json({ x: 1 }),
    json({ y: "${{ input.go }}" }),
    json({ z: "${{ has(board.x) ? board.x : 0 }}" }),
  ),
  checks: fc.constantFrom(
    [],
    [],
    [{ name: "good", condition: "output == 1", onFailure: CheckFailure.CHECK_FAILURE_APPROVAL }],
    [
      {
        name: "good",
        condition: "output == 1",
        onFailure: CheckFailure.CHECK_FAILURE_SEND_BACK,
        maxSendBacks: 1,
      },
    ],
    [{ name: "good", condition: "output == 1" }],
  ),
  placement: fc.constantFrom(
    undefined,
    undefined,
    undefined,
    undefined,
    { notAgentOf: ["a"] },
    { sameAgentAs: ["a"], stickyKey: "${{ input.go }}" },
  ),
});

const needs = fc
  .array(fc.record({ task: fc.constantFrom("a", "b", "c"), condition: fc.constantFrom(0, 1, 2, 3) }), {
    maxLength: 2,
  })
  .map((list) => list.filter(({ task }, index) => list.findIndex((each) => each.task === task) === index));

const spec = fc.record({ id, work, more, needs }).map(({ more: rest, ...given }) =>
  TaskSpec.fromPartial({
    ...given,
    ...rest,
    needs: given.needs.filter(({ task }) => task !== given.id),
  } as never),
);

const order = fc
  .record({
    tasks: fc.tuple(more, more).map(([one, other]) => [
      { id: "a", work: { $case: "capability", value: "work" }, ...one },
      { id: "b", work: { $case: "capability", value: "work" }, needs: [{ task: "a" }], ...other },
      { id: "c", work: { $case: "capability", value: "cook" }, needs: [{ task: "a", condition: 2 }] },
      { id: "kid", work: { $case: "mission", value: { name: "flow" } }, retry: { maxAttempts: 2 } },
      {
        id: "sub",
        work: { $case: "mission", value: { name: "more" } },
        needs: [{ task: "b", condition: 3 }],
      },
      ...["p", "q", "r"].map((plain) => ({ id: plain, work: { $case: "capability", value: "work" } })),
      { id: "s", work: { $case: "capability", value: "work" }, ...one },
    ]),
    assignment: fc.constantFrom(0, 1, 2, 2, 3),
    roles: fc.constantFrom(
      [],
      [],
      [],
      [{ name: "editor" }],
      [{ name: "editor", maxAgents: 1 }],
      [{ name: "editor", minAgents: 1, capabilities: ["work"] }],
    ),
    leadership: fc.constantFrom(
      undefined,
      { enabled: true, leaseMs: 4_000 },
      { enabled: true, role: "editor", leaseMs: 4_000 },
    ),
    budget: fc.constantFrom(
      undefined,
      undefined,
      undefined,
      { amounts: { tokens: 30, money: 9, timeMs: 90_000 } },
      { amounts: { tokens: 7, money: 1, timeMs: 4_000 } },
      { amounts: { tokens: 7 }, whenUsedUp: 2, maxAgents: 1 },
      { amounts: { money: 1 }, whenUsedUp: 3, maxAgents: 2, maxDepth: 1 },
    ),
    stopConditions: fc.constantFrom(
      [],
      ...Array.from({ length: 5 }, () => [{ name: "never", condition: "board.never == 1" }]),
      [{ name: "enough", condition: "board.x == 2" }],
      [
        { name: "bad", condition: "tasks.a.status == 'failed'", kind: 2 },
        { name: "ask", condition: "size(board) > 1", kind: 3 },
      ],
      [{ name: "late", condition: "time.elapsedMs > 20000.0 && budget.spent.tokens > 1.0" }],
    ),
    output: fc.constantFrom("", "", "{'sum': size(tasks)}", "board.missing"),
    stuckAfterMs: fc.constantFrom(0, 0, 7_000),
    loopThreshold: fc.constantFrom(0, 1, 2),
    timeoutMs: fc.constantFrom(0, 0, 0, 0, 0, 90_000),
    input: fc.constant(json({ go: true })),
  })
  .map((given) =>
    MissionOrder.fromPartial({
      spec: given as never,
      requestHash: Uint8Array.of(1),
      parent: { kind: "mission", id: "two", task: "sub" },
      parentBudget: given.budget === undefined && given.timeoutMs > 0 ? { tokens: 6 } : {},
    }),
  );

const mark = fc.constantFrom(undefined, 0, 1, 2, 3);
const write = fc.record({
  key: fc.constantFrom("x", "y", "z"),
  value: fc.constantFrom(undefined, json(1), json(2), json({ deep: true })),
  ifVersion: mark,
});

const target = fc.constantFrom(
  { target: { $case: "agentId" as const, value: "ben" } },
  { target: { $case: "role" as const, value: "editor" } },
  { target: { $case: "topic" as const, value: "news" } },
  { target: { $case: "everybody" as const, value: {} } },
  undefined,
);

const offering = {
  capabilities: [
    { name: "work", version: "1.0.0" },
    { name: "cook", version: "2.0.0" },
  ],
  labels: {},
  resources: {},
};

const end = fc.record({
  claimId,
  outcome: fc.constantFrom(
    { $case: "output" as const, value: json(1) },
    { $case: "output" as const, value: json("no") },
    { $case: "failed" as const, value: { code: "work.broken" } },
  ),
  used: amounts,
});

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

const outcome = fc.constantFrom(
  { result: { $case: "completed" as const, value: json(3) } },
  { result: { $case: "failed" as const, value: { code: "elsewhere" } } },
  { result: { $case: "cancelled" as const, value: { code: "elsewhere" } } },
);

/** Operations for properties; a failing sequence gets shorter. */
export function operations(): fc.Arbitrary<MachineCall> {
  const to = <Body>(command: string, body: fc.Arbitrary<Body>) =>
    fc.record({ key, command: fc.constant(command), body });
  const rare = (command: string, body: fc.Arbitrary<object>) => ({ weight: 1, arbitrary: to(command, body) });
  const often = (weight: number, arbitrary: fc.Arbitrary<MachineCall>) => ({ weight, arbitrary });
  return fc.oneof(
    often(16, to("begin_mission", fc.record({ order }))),
    rare("pause_mission", fc.record({ reason })),
    often(2, to("resume_mission", fc.record({ reason }))),
    rare("remove_mission", fc.record({ reason })),
    rare("check_mission", fc.constant({})),
    {
      weight: 1,
      arbitrary: fc.oneof(
        { weight: 6, arbitrary: to("check_mission", fc.constant({})) },
        { weight: 1, arbitrary: to("cancel_mission", fc.record({ reason })) },
        { weight: 1, arbitrary: to("terminate_mission", fc.record({ reason })) },
        {
          weight: 1,
          arbitrary: to(
            "withdraw_mission",
            fc.record({
              definition: fc.constant("d"),
              parent: fc.constantFrom(undefined, { namespace: "", kind: "mission", id: "two", task: "sub" }),
              terminate: fc.boolean(),
              reason,
            }),
          ),
        },
      ),
    },
    often(
      30,
      to(
        "join_board",
        fc
          .record({
            agentId: agents,
            role: fc.constantFrom("", "", "", "", "editor"),
            topics: fc.constantFrom<string[]>([], ["news"]),
          })
          .map((request) => JoinBoard.fromPartial({ request, offering })),
      ),
    ),
    rare(
      "leave_mission",
      fc.record({ namespace: fc.constant(""), missionId: fc.constant(""), agentId: agents, reason }),
    ),
    rare("hear_participants", fc.record({ agentIds: fc.array(agents, { maxLength: 3 }) })),
    often(
      6,
      to(
        "add_tasks",
        fc
          .record({
            tasks: fc.array(spec, { minLength: 1, maxLength: 2 }),
            agentId: agentOrNobody,
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
    often(
      8,
      to(
        "put_entries",
        fc
          .record({
            agentId: agentOrNobody,
            writes: fc.array(write, { minLength: 1, maxLength: 3 }),
            allOrNone: fc.boolean(),
          })
          .map((body) => PutEntriesRequest.fromPartial(body as never)),
      ),
    ),
    often(
      3,
      to(
        "send_messages",
        fc
          .record({
            agentId: agentOrNobody,
            messages: fc.array(fc.record({ to: target, body: fc.constantFrom(undefined, json("hello")) }), {
              minLength: 1,
              maxLength: 2,
            }),
          })
          .map((body) => SendMessagesRequest.fromPartial(body as never)),
      ),
    ),
    rare(
      "signal_mission",
      fc.record({ signal: fc.constant("news"), payload: fc.constantFrom(undefined, json(1)) }),
    ),
    often(
      3,
      to(
        "open_vote",
        fc
          .record({
            voteId: fc.constantFrom("v", "w"),
            rule: fc.nat(5),
            tie: fc.nat(4),
            quorum: fc.constantFrom(0, 0.5, 1),
            timeoutMs: fc.constantFrom(0, 3_000),
            role: fc.constantFrom("", "", "editor"),
          })
          .map((vote) =>
            OpenVoteRequest.fromPartial({
              vote: { ...vote, options: [{ option: "yes" }, { option: "no" }, { option: "maybe" }] } as never,
            }),
          ),
      ),
    ),
    often(
      6,
      to(
        "cast_vote",
        fc
          .record({
            agentId: agents,
            voteId: fc.constantFrom("v", "w"),
            ranking: fc.constantFrom<string[]>(["yes"], ["no"], ["maybe", "no"], ["other"]),
          })
          .map((body) => CastVoteRequest.fromPartial(body)),
      ),
    ),
    often(
      2,
      to(
        "close_vote",
        fc.record({
          namespace: fc.constant(""),
          missionId: fc.constant(""),
          agentId: fc.constant(""),
          voteId: fc.constantFrom("v", "w"),
          reason,
        }),
      ),
    ),
    often(
      4,
      to(
        "reserve_budget",
        fc
          .record({
            agentId: agentOrNobody,
            taskId: fc.constantFrom("", "a", "b"),
            amounts,
            leaseMs: fc.constantFrom(0, 4_000),
          })
          .map((body) => ReserveBudgetRequest.fromPartial(body)),
      ),
    ),
    often(
      3,
      to(
        "spend_budget",
        fc
          .record({ agentId: agentOrNobody, reservationId: fc.constantFrom("r1", "r1", "r2", "r3"), amounts })
          .map((body) => SpendBudgetRequest.fromPartial(body)),
      ),
    ),
    rare(
      "return_budget",
      fc.record({
        namespace: fc.constant(""),
        missionId: fc.constant(""),
        agentId: agentOrNobody,
        reservationId: fc.constantFrom("r1", "r1", "r2", "r3"),
      }),
    ),
    often(
      8,
      to(
        "decide_mission_question",
        fc.record({
          approvalId: fc.constantFrom("q1", "q1", "q2", "q3", "r9"),
          approved: fc.boolean(),
          data: fc.constantFrom(
            undefined,
            json({ tokens: 5, money: 1, timeMs: 500 }),
            json({ winner: "yes" }),
          ),
          reason,
        }),
      ),
    ),
    often(8, childEnd),
  ) as fc.Arbitrary<MachineCall>;
}

/** What the world says of an effect in the end. */
export function resultOf(effect: unknown, luck: number): Omit<MachineCall, "key"> {
  const wanted = effect as MissionEffect;
  if (wanted.kind === "start_child")
    return luck < 0.8
      ? { command: "confirm_child", body: ConfirmChild.fromPartial({ id: wanted.childId, hash: "hash" }) }
      : { command: "refuse_child", body: RefuseChild.fromPartial({ error: { code: "child.refused" } }) };
  const agent = luck < 0.5 ? "anna" : "dora";
  const used = { tokens: luck < 0.3 ? 3 : 0, money: 0.2 };
  if (luck < 0.6)
    return {
      command: "complete_task",
      body: CompleteTask.fromPartial({ output: Uint8Array.of(49), agent, used }),
    };
  if (luck < 0.8)
    return {
      command: "fail_task",
      body: FailTask.fromPartial({ error: { code: "work.broken" }, agent, used }),
    };
  const lost = luck < 0.95;
  return {
    command: "return_task",
    body: ReturnTask.fromPartial({ retryAfterMs: 200, message: "busy", lost }),
  };
}
