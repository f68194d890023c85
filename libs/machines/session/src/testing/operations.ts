/**
 * Random commands to sessions, and results of effects: few tasks and short lives, so that much happens concurrently.
 */
import {
  Mode,
  type ModeCandidate,
  type RecordChoice,
  type SessionOrder,
  type TaskNote,
} from "@tutti/contracts/session/v1";
import { NeedCondition, RetryClass, type TaskList, TaskStatus, WorkStatus } from "@tutti/contracts/types/v1";
import type { InstanceKey } from "@tutti/kernel";
import type { MachineCall } from "@tutti/kernel/testing";
import fc from "fast-check";
import type { SessionEffect } from "../effects.ts";
import { json, taskSpec } from "./session-scene.ts";

const tasksMax = 4;

function keyOf(id: string): InstanceKey {
  return { namespace: "default", kind: "session", id };
}

const mode = fc.constantFrom(
  ...[Mode.MODE_WORKFLOW, Mode.MODE_SWARM, Mode.MODE_SWARM, Mode.MODE_INTELLIGENCE, Mode.MODE_HYBRID],
  ...[Mode.MODE_ADAPTIVE, Mode.MODE_UNSPECIFIED, Mode.MODE_CUSTOM],
);

/** A fixed number, so that the answering test knows the numbers of the first tasks. */
const tasks = fc
  .array(
    fc.record({ needs: fc.subarray([0, 1, 2]), condition: fc.constantFrom(0, 1, 2, 3), reads: fc.boolean() }),
    {
      minLength: tasksMax,
      maxLength: tasksMax,
    },
  )
  .map((drawn) =>
    drawn.map(({ needs, condition, reads }, index) => {
      const before = needs.filter((need) => need < index);
      const spec = taskSpec(
        `t${index}`,
        [],
        reads && index > 0 ? { input: json({ x: "${{ tasks.t0 }}" }) } : {},
      );
      spec.needs = before.map((need) => ({ task: `t${need}`, condition: condition as NeedCondition }));
      return spec;
    }),
  );

const order: fc.Arbitrary<SessionOrder> = fc
  .record({
    mode,
    tasks,
    hash: fc.constantFrom(1, 1, 2),
    isGoal: fc.constantFrom(false, false, true),
    waits: fc.constantFrom(0, 0, 0, 1),
    locks: fc.constantFrom(0, 0, 0, 1),
    timeoutMs: fc.constantFrom(0, 0, 0, 5_000),
    budget: fc.constantFrom(undefined, undefined, { tokens: 10, money: 0, timeMs: 0 }),
    output: fc.constantFrom("", "", "size(tasks)", "tasks.t9.output"),
  })
  .map(({ tasks: list, isGoal, hash, waits, locks, output, ...rest }) => {
    const spec = {
      ...{ title: "", orchestrator: "", optimization: undefined, monitoring: undefined },
      ...{ pool: "", priority: 0, dueTime: undefined, weight: 0, limits: {}, reservationIds: [], labels: {} },
      retentionMs: 0,
      work: isGoal ? goalWork : { $case: "tasks" as const, value: { tasks: list, output, input: undefined } },
      dependsOn: Array.from({ length: waits }, () => ({
        session: { namespace: "", kind: "session", id: "other", task: "" },
        condition: NeedCondition.NEED_CONDITION_SUCCESS,
      })),
      locks: Array.from({ length: locks }, () => ({ name: "door", permits: 1, shared: false })),
      ...rest,
    };
    return {
      ...{ spec, definition: "", hash: "", parent: undefined, idChosen: true },
      requestHash: Uint8Array.of(hash),
    };
  });

const goalWork = {
  $case: "goal" as const,
  value: { description: "all is done", input: undefined, planner: "tutti.plan", reached: "size(output) > 1" },
};

/** Operations for properties. A failing sequence is reduced. */
export function operations(ids: readonly string[] = ["one", "two"]): fc.Arbitrary<MachineCall> {
  const key = fc.constantFrom(...ids).map(keyOf);
  const call = (command: string, body: fc.Arbitrary<object>) =>
    fc.record({ key, command: fc.constant(command), body });
  const reason = fc.constantFrom("", "lunch").map((text) => ({ reason: text }));
  const id = fc.constantFrom("t0", "t1", "t2", "t3", "m0");
  return fc.oneof(
    { weight: 8, arbitrary: call("begin_session", fc.record({ order })) },
    { weight: 2, arbitrary: call("pause_session", reason) },
    { weight: 4, arbitrary: call("resume_session", reason) },
    { weight: 1, arbitrary: call("cancel_session", reason) },
    { weight: 1, arbitrary: call("terminate_session", reason) },
    { weight: 1, arbitrary: call("remove_session", reason) },
    {
      weight: 6,
      arbitrary: call(
        "retry_session",
        fc.record({ taskIds: fc.array(id, { maxLength: 1 }), reason: fc.constant("") }),
      ),
    },
    {
      weight: 2,
      arbitrary: call(
        "signal_session",
        fc.record({
          signal: fc.constant("go"),
          payload: fc.constant(undefined),
          partId: fc.constantFrom("", "p1", "p9"),
        }),
      ),
    },
    {
      weight: 3,
      arbitrary: call(
        "add_tasks",
        fc.record({
          ...{ namespace: fc.constant(""), sessionId: fc.constant(""), idempotencyKey: fc.constant("") },
          tasks: fc.constantFrom("m0", "m1", "m2").map((name) => [taskSpec(name, ["t0"])]),
        }),
      ),
    },
    {
      weight: 6,
      arbitrary: call(
        "move_tasks",
        fc.record({
          taskIds: fc.uniqueArray(id, { minLength: 1, maxLength: 2 }),
          reason: fc.constant("more room there"),
          mode: fc.constantFrom(
            Mode.MODE_WORKFLOW,
            Mode.MODE_SWARM,
            Mode.MODE_INTELLIGENCE,
            Mode.MODE_HYBRID,
          ),
        }),
      ),
    },
    {
      weight: 4,
      arbitrary: call(
        "drop_wait",
        fc.constantFrom("other", "third").map((name) => ({
          session: { namespace: "", kind: "session", id: name, task: "" },
          reason: "it need not",
        })),
      ),
    },
    {
      weight: 1,
      arbitrary: call(
        "add_wait",
        fc.constantFrom("other", "third").map((name) => ({
          dependency: {
            session: { namespace: "", kind: "session", id: name, task: "" },
            condition: NeedCondition.NEED_CONDITION_SUCCESS,
          },
          reason: "it comes first",
        })),
      ),
    },
    { weight: 3, arbitrary: call("confirm_locks", fc.constant({})) },
    {
      weight: 2,
      arbitrary: call(
        "note_agents",
        fc.record({ slots: fc.nat(2), taken: fc.nat(1) }).map((counts) => ({
          agents: [{ agent: "anna", ...counts, unable: [] }],
          seeMs: 7,
        })),
      ),
    },
    {
      weight: 20,
      arbitrary: call(
        "note_tasks",
        fc.record({
          part: fc.nat(3),
          openApprovals: fc.constantFrom(0, 0, 0, 1),
          notes: fc
            .array(fc.record({ task: fc.nat(5), random: fc.double({ min: 0, max: 0.99, noNaN: true }) }), {
              maxLength: 3,
            })
            .map((drawn) => drawn.map(({ task, random }) => note(task, random))),
        }),
      ),
    },
    {
      weight: 14,
      arbitrary: call(
        "place_tasks",
        fc
          .record({ part: fc.nat(3), tasks: fc.uniqueArray(fc.nat(5)), isPlanned: fc.boolean() })
          .map(({ part, tasks: numbers, isPlanned }) => {
            const begin = numbers.map((task) => ({ task, agent: "anna", startMs: 5, endMs: 9 }));
            const plan = { reason: "anna is slow", expectedEndMs: 99, lowerBoundMs: 3, places: begin };
            return { part, begin, plan: isPlanned ? plan : undefined };
          }),
      ),
    },
    {
      weight: 12,
      arbitrary: call(
        "record_decision",
        fc
          .record({
            part: fc.nat(1),
            number: fc.constantFrom(1, 1, 2, 3),
            tasks: fc.array(fc.nat(5)),
            moved: id,
          })
          .map(({ part, number, tasks: numbers, moved }) => ({
            ...{ part, number, reason: "anna is free" },
            begin: numbers.map((task) => ({ task, agent: "anna", startMs: 5, endMs: 9 })),
            moves:
              numbers.length % 2 === 0
                ? []
                : [{ taskIds: [moved], mode: Mode.MODE_SWARM, reason: "more there" }],
          })),
      ),
    },
    {
      weight: 2,
      arbitrary: call(
        "pass_part_on",
        fc.record({ part: fc.nat(3), isSwarm: fc.boolean() }).map(({ part, isSwarm }) => ({
          ...{ part, mode: isSwarm ? Mode.MODE_SWARM : Mode.MODE_WORKFLOW },
          reason: "the engine is away",
        })),
      ),
    },
    {
      weight: 2,
      arbitrary: call(
        "end_child",
        fc.constantFrom("p1", "p2").map((taskId) => ({
          taskId,
          ending: {
            runId: `one..${taskId}..${Number(taskId[1]) - 1}`,
            status: WorkStatus.WORK_STATUS_COMPLETED,
            output: new Uint8Array(),
            outputPayload: undefined,
            error: undefined,
          },
          used: undefined,
        })),
      ),
    },
  );
}

function error(code: string) {
  return {
    code,
    message: "it broke",
    retry: RetryClass.RETRY_CLASS_NEVER,
    retryAfterMs: 0,
    violations: [],
    details: {},
    cause: undefined,
    ...{ notOwner: undefined, status: "" },
  };
}

function note(task: number, random: number): TaskNote {
  const status =
    random < 0.5
      ? TaskStatus.TASK_STATUS_COMPLETED
      : random < 0.6
        ? TaskStatus.TASK_STATUS_FAILED
        : random < 0.8
          ? TaskStatus.TASK_STATUS_RUNNING
          : TaskStatus.TASK_STATUS_QUEUED;
  const isFailed = status === TaskStatus.TASK_STATUS_FAILED;
  return {
    ...{ task, status, reason: "", agent: "anna", attempts: 1, readyMs: 0, startMs: 5, endMs: 9 },
    output: status === TaskStatus.TASK_STATUS_COMPLETED ? new TextEncoder().encode("7") : new Uint8Array(),
    ...{ outputPayload: undefined, used: undefined, error: isFailed ? error("work.broken") : undefined },
  };
}

/** Returns the result of an effect. `random` is in [0, 1). */
export function resultOf(input: unknown, random: number): Omit<MachineCall, "key"> {
  const effect = input as SessionEffect;
  const fraction = (Math.floor(random * 10_000) % 100) / 100;
  switch (effect.kind) {
    case "await_session": {
      const status = random < 0.8 ? WorkStatus.WORK_STATUS_COMPLETED : WorkStatus.WORK_STATUS_FAILED;
      return { command: "settle_dependency", body: { dependency: 0, status } };
    }
    case "hold_locks":
      return { command: "refuse_start", body: { error: error("lock.deadlock") } };
    case "ask_planner":
      return random < 0.9
        ? { command: "record_goal", body: { tasks: brokenDown(fraction), used: undefined } }
        : { command: "refuse_start", body: { error: error("x.y") } };
    case "choose_mode":
      return random < 0.9
        ? { command: "record_choice", body: choice(random) }
        : { command: "refuse_start", body: { error: error("x.y") } };
    case "start_part":
      return random < 0.9
        ? { command: "confirm_part", body: {} }
        : { command: "refuse_part", body: { error: error("x.y") } };
    case "plan_part":
    case "follow_part": {
      const used = { tokens: 2, money: 0, timeMs: 0 };
      const notes = Array.from({ length: 6 }, (_, task) => note(task, 0.1));
      const status = fraction < 0.8 ? WorkStatus.WORK_STATUS_COMPLETED : WorkStatus.WORK_STATUS_CANCELLED;
      return {
        command: "end_part",
        body: { notes, status, error: undefined, used: random < 0.9 ? used : undefined },
      };
    }
    case "operate_part": {
      const { operation } = effect.operation;
      if (random < 0.1) return { command: "refuse_operation", body: { error: error("x.y") } };
      const ids = ["t0", "t1", "t2", "t3", "m0"];
      const withdrawnTaskIds = operation?.$case === "withdraw" && fraction < 0.8 ? ids : [];
      return { command: "confirm_operation", body: { withdrawnTaskIds, begunTaskIds: [] } };
    }
  }
}

/** Returns as many tasks as a session starts with. Sometimes in a cycle. */
function brokenDown(random: number): TaskList {
  const list = Array.from({ length: tasksMax }, (_, index) =>
    taskSpec(`t${index}`, index === 0 ? [] : [`t${Math.floor(random * index)}`]),
  );
  if (random > 0.9) list[0] = taskSpec("t0", ["t1"]);
  return { tasks: list, output: random > 0.8 ? "size(tasks)" : "", input: undefined };
}

function candidate(mode: Mode): ModeCandidate {
  const use = { tokens: 0, money: 0, timeMs: 20 };
  return {
    ...{ mode, taskIds: [], eligible: true, expectedMs: 20, highMs: 40, expectedUse: use },
    ...{ expectedQuality: 1, score: 1, reason: "" },
  };
}

function choice(random: number): RecordChoice {
  const modes = [Mode.MODE_WORKFLOW, Mode.MODE_SWARM, Mode.MODE_INTELLIGENCE];
  const of = (shift: number) => modes[(Math.floor(random * 100) + shift) % 3] ?? Mode.MODE_SWARM;
  const isSplit = Math.floor(random * 1_000) % 2 === 0;
  const modeChoice = {
    choiceId: "",
    sessionId: "",
    kind: "mode",
    chooseTime: undefined,
    features: { width: 2 },
    candidates: [candidate(of(0))],
    chosen: 0,
    confidence: random,
    explored: false,
    fallback: false,
    reason: "by lot",
    model: "none",
    outcome: undefined,
  };
  const parts = isSplit
    ? [
        { mode: of(0), tasks: [0, 2], reason: "even", elsewhere: [], budget: undefined },
        { mode: of(1), tasks: [1, 3], reason: "odd", elsewhere: [], budget: undefined },
      ]
    : [{ mode: of(0), tasks: [0, 1, 2, 3], reason: "all", elsewhere: [], budget: undefined }];
  return { choice: modeChoice, mode: isSplit ? Mode.MODE_HYBRID : of(0), parts };
}
