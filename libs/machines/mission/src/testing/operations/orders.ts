/** Orders of missions, and tasks that are added to them. */
import { MissionOrder } from "@tutti/contracts/swarm/v1";
import { CheckFailure, TaskSpec } from "@tutti/contracts/types/v1";
import fc from "fast-check";
import { json } from "../mission-scene.ts";
import { id } from "./values.ts";

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

export const spec = fc.record({ id, work, more, needs }).map(({ more: rest, ...given }) =>
  TaskSpec.fromPartial({
    ...given,
    ...rest,
    needs: given.needs.filter(({ task }) => task !== given.id),
  } as never),
);

/** Some of them form a gang if tasks are offered. */
function inGang(task: { readonly id: string }) {
  return ["q", "r"].includes(task.id) ? { ...task, gang: "pair" } : task;
}

export const order = fc
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
      { amounts: { tokens: 7 }, whenUsedUp: 2, maxAgents: 2 },
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
  .map((fields) =>
    MissionOrder.fromPartial({
      spec: { ...fields, tasks: fields.assignment === 2 ? fields.tasks : fields.tasks.map(inGang) } as never,
      requestHash: Uint8Array.of(1),
      parent: { kind: "mission", id: "two", task: "sub" },
      parentBudget: fields.budget === undefined && fields.timeoutMs > 0 ? { tokens: 6 } : {},
    }),
  );
