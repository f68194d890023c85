/** Random commands of callers, and random results of agents. */
import { ErrorDetail, RetryClass, Verdict, WorkStatus } from "@tutti/contracts/types/v1";
import {
  AddTasks,
  type BeginRun,
  BringInOutcomes,
  CancelRun,
  ClaimApproval,
  CompleteTask,
  ConfirmChild,
  DecideApproval,
  DeclineLimit,
  DelegateApproval,
  EndChild,
  FailTask,
  GrantLimit,
  LabelRun,
  LoseLease,
  type MoveRunTo,
  PauseRun,
  RefuseChild,
  ReleaseApproval,
  RemoveRun,
  RepairTask,
  ResumeRun,
  RetryRun,
  ReturnTask,
  RunOrder,
  SignalRun,
  TakeEvent,
  TerminateRun,
  UpdateRun,
  WithdrawLimit,
  WithdrawRun,
  WithdrawTasks,
} from "@tutti/contracts/workflow/v1";
import { checkAddition, type TaskDocument } from "@tutti/definitions";
import type { MachineCall } from "@tutti/kernel/testing";
import fc, { type Arbitrary } from "fast-check";
import type { AwaitEvent, RenewLease, RunEffect } from "../core/state/effects.ts";
import { definitions } from "./definitions.ts";
import { jsonBytes } from "./json.ts";
import type { KnownDefinitions } from "./plans.ts";

const taskIds = [
  "one",
  "two",
  "left",
  "right",
  "join",
  "each",
  "each[0]",
  "each[1]",
  "all",
  "all[1]",
  "book",
  "pay",
  "send",
  "send[1]",
  "a",
  "work",
  "first",
  "grow",
  "leaf",
  "fruit",
  "work.run",
  "idle.on.go.do0",
  "write",
  "sure",
  "poll",
  "poll#1.fetch",
  "nobody",
];

/** @param known receives the definitions */
export function operations(known: KnownDefinitions, texts = definitions): Arbitrary<MachineCall> {
  // The definition with most kinds of tasks comes more often.
  const hashes = [texts["chain"], texts["chain"], ...Object.values(texts)].map((text) =>
    known.add(text ?? ""),
  );
  // Versions of them, in which all numbers differ.
  const others = Object.values(texts).map((text = "") =>
    known.add(text.replace(/^tasks:\n/m, "tasks:\n  zero: {uses: do.it}\n")),
  );
  const key = fc.constantFrom("x", "y").map((id) => ({ namespace: "default", kind: "run", id }));
  const call = (command: string, body: Arbitrary<unknown>) =>
    fc.record({ key, command: fc.constant(command), body });
  const reason = fc.constantFrom("", "because");
  return fc.oneof(
    { weight: 8, arbitrary: call("begin_run", startCommands(hashes)) },
    {
      weight: 3,
      arbitrary: call(
        "pause_run",
        reason.map((text) => PauseRun.fromPartial({ reason: text })),
      ),
    },
    { weight: 8, arbitrary: call("resume_run", resumed) },
    {
      weight: 2,
      arbitrary: call(
        "cancel_run",
        reason.map((text) => CancelRun.fromPartial({ reason: text })),
      ),
    },
    {
      weight: 1,
      arbitrary: call(
        "terminate_run",
        reason.map((text) => TerminateRun.fromPartial({ reason: text })),
      ),
    },
    {
      weight: 1,
      arbitrary: call(
        "withdraw_run",
        fc.boolean().map((terminate) => WithdrawRun.fromPartial({ definition: "order", terminate })),
      ),
    },
    {
      weight: 1,
      arbitrary: call(
        "remove_run",
        reason.map((text) => RemoveRun.fromPartial({ reason: text })),
      ),
    },
    { weight: 3, arbitrary: call("label_run", labelled) },
    {
      weight: 4,
      arbitrary: call(
        "retry_run",
        some(taskIds).map((ids) => RetryRun.fromPartial({ taskIds: ids })),
      ),
    },
    { weight: 4, arbitrary: call("move_run", movedTo([...hashes, ...others])) },
    { weight: 4, arbitrary: call("repair_task", repaired) },
    { weight: 5, arbitrary: call("signal_run", signalled) },
    { weight: 3, arbitrary: call("end_child", childEnded) },
    { weight: 9, arbitrary: call("decide_approval", decided) },
    { weight: 3, arbitrary: call("claim_approval", claimed) },
    { weight: 3, arbitrary: call("release_approval", released) },
    { weight: 3, arbitrary: call("delegate_approval", delegated) },
    { weight: 4, arbitrary: call("update_run", updated) },
    { weight: 3, arbitrary: call("add_tasks", added) },
    {
      weight: 3,
      arbitrary: call(
        "withdraw_tasks",
        fc
          .subarray(["two", "three", "fruit", "after", "more", "most", "join"], {
            minLength: 1,
            maxLength: 2,
          })
          .map((ids) => WithdrawTasks.fromPartial({ taskIds: ids })),
      ),
    },
    { weight: 6, arbitrary: call("bring_in_outcomes", outcomes) },
    { weight: 6, arbitrary: call("grant_limit", granted) },
    { weight: 3, arbitrary: call("decline_limit", declined) },
    { weight: 2, arbitrary: call("withdraw_limit", withdrawn) },
  );
}

function startCommands(hashes: readonly string[]): Arbitrary<BeginRun> {
  return fc
    .record({
      hash: fc.constantFrom(...hashes),
      input: fc.constantFrom(
        { n: 1, items: ["a"] },
        { n: 2, items: ["a", "skip", "b", "c"] },
        { n: "x", items: [] },
        { items: 7 },
      ),
      startMs: fc.constantFrom(0, 0, 0, 1_767_225_610_000),
      priority: fc.constantFrom(0, 5),
      requestHash: fc.constantFrom(1, 1, 2),
      idChosen: fc.boolean(),
      budget: fc.constantFrom(undefined, undefined, { tokens: 3 }, { tokens: 8, timeMs: 40_000 }),
    })
    .map(({ input, requestHash, budget, ...given }) => ({
      order: RunOrder.fromPartial({
        ...given,
        ...(budget && { budget }),
        input: jsonBytes(input),
        requestHash: Uint8Array.of(requestHash),
        labels: { team: "a" },
      }),
    }));
}

const some = (ids: readonly string[]) =>
  fc.oneof(
    { weight: 3, arbitrary: fc.constant<string[]>([]) },
    { weight: 1, arbitrary: fc.constantFrom(...ids).map((id) => [id]) },
  );

const resumed = some(taskIds).map((ids) => ResumeRun.fromPartial({ taskIds: ids }));

const signalled = fc
  .record({ signal: fc.constantFrom("go", "stop"), payload: fc.constantFrom(1, 2, "x") })
  .map(({ signal, payload }) =>
    SignalRun.fromPartial({ signal, payload: { body: { $case: "inline", value: jsonBytes(payload) } } }),
  );

const childEnded = fc
  .record({
    runId: fc.constantFrom("x..sub..0", "x..sub..0.2", "x..kept..1", "y..sub..0"),
    status: fc.constantFrom(WorkStatus.WORK_STATUS_COMPLETED, WorkStatus.WORK_STATUS_FAILED),
  })
  .map((ending) => EndChild.fromPartial({ taskId: ending.runId.split("..")[1] ?? "", ending }));

/** The run itself, or the task whose child needs the limit. */
const forTask = fc.constantFrom("", "", "guard");

const limitIds = fc.constantFrom("shared", "k-1", "k-2");

const granted = fc
  .record({ limit: limitIds, ticket: fc.integer({ min: 1, max: 3 }), task: forTask })
  .map((fields) => GrantLimit.fromPartial({ ...fields, leaseDueMs: 1_767_225_700_000 }));

const declined = fc
  .record({ limit: limitIds, retryAfterMs: fc.constantFrom(0, 1_000, 1_000), task: forTask })
  .map((fields) => DeclineLimit.fromPartial({ ...fields, code: "limit.queue_full", message: "full" }));

const withdrawn = fc
  .record({ limit: limitIds, ticket: fc.integer({ min: 1, max: 3 }), task: forTask })
  .map((fields) => WithdrawLimit.fromPartial({ ...fields, code: "limit.evicted", message: "taken away" }));

const updated = fc
  .record({ update: fc.constantFrom("add", "other"), payload: fc.constantFrom(1, 0, "x") })
  .map(({ update, payload }) =>
    UpdateRun.fromPartial({ update, payload: { body: { $case: "inline", value: jsonBytes(payload) } } }),
  );

/** Tasks that are added next to those of a definition, or to the tasks that `grow` has added. */
const added = fc
  .record({
    tasks: fc.constantFrom<Readonly<Record<string, TaskDocument>>>(
      { more: { uses: "test.more" }, most: { uses: "test.most", needs: ["more"] } },
      { extra: { uses: "test.extra", needs: ["first"] } },
      { extra: { uses: "test.extra", needs: [{ task: "work", on: "always" }] } },
    ),
    parentTaskId: fc.constantFrom("", "", "grow"),
  })
  .map(({ tasks, parentTaskId }) => {
    const { definition } = checkAddition(tasks, { exists: (id) => !(id in tasks) });
    return AddTasks.fromPartial({ plan: jsonBytes(definition?.plan), parentTaskId });
  });

const outcomes = fc
  .record({
    taskId: fc.constantFrom("two", "three", "after", "most", "join"),
    $case: fc.constantFrom("completed" as const, "completed" as const, "failed" as const),
  })
  .map(({ taskId, $case }) => {
    const completed = {
      $case: "completed",
      value: { body: { $case: "inline", value: jsonBytes(1) } },
    } as const;
    const failed = { $case: "failed", value: { code: "test.elsewhere", message: "it broke" } } as const;
    const result = $case === "failed" ? failed : completed;
    return BringInOutcomes.fromPartial({ outcomes: [{ taskId, outcome: { result } }] });
  });

const question = fc.constantFrom("ask", "again", "write", "free", "nobody");
const person = fc.constantFrom("anna", "ben", "eve");

const decided = fc
  .record({
    approvalId: question,
    verdict: fc.constantFrom(Verdict.VERDICT_APPROVED, Verdict.VERDICT_APPROVED, Verdict.VERDICT_REJECTED),
    person: person,
  })
  .map(({ person, ...given }) => DecideApproval.fromPartial({ ...given, roles: [person] }));

const claimed = fc
  .record({ approvalId: fc.constantFrom("free", "write"), person: fc.constantFrom("anna", "anna", "ben") })
  .map(({ approvalId, person }) => ClaimApproval.fromPartial({ approvalId, roles: [person] }));

const delegated = fc
  .record({ approvalId: fc.constantFrom("free", "ask"), person: fc.constantFrom("ben", "eve") })
  .map(({ approvalId, person: other }) =>
    DelegateApproval.fromPartial({ approvalId, people: [other], roles: ["anna"] }),
  );

const released = fc
  .record({ approvalId: fc.constantFrom("free", "write"), person: fc.constantFrom("anna", "anna", "ben") })
  .map((fields) => ReleaseApproval.fromPartial(fields));

const labelled = fc
  .record({
    name: fc.constantFrom("team", "customer"),
    value: fc.constantFrom("a", "b"),
    priority: fc.integer({ min: -2, max: 2 }),
  })
  .map(({ name, value, priority }) =>
    LabelRun.fromPartial({
      labels: { [name]: value },
      removedLabels: value === "b" ? ["team"] : [],
      ...(priority === 0 ? {} : { priority }),
    }),
  );

const repaired = fc
  .record({ taskId: fc.constantFrom(...taskIds), how: fc.constantFrom("output", "skip", "all", "error") })
  .map(({ taskId, how }) => RepairTask.fromPartial({ taskId, repair: repairOf(how), reason: "by hand" }));

function repairOf(repairKind: string) {
  if (repairKind === "output")
    return { $case: "output", value: { body: { $case: "inline", value: jsonBytes("mended") } } } as const;
  if (repairKind === "error")
    return { $case: "error", value: { code: "test.repaired", message: "no" } } as const;
  return { $case: "skip", value: { skipDependents: repairKind === "all" } } as const;
}

/** The outcome of an effect of a run. */
export function resultOf(effect: unknown, random: number): Omit<MachineCall, "key"> {
  const known = effect as RunEffect;
  if (known.kind === "start_child") return childResult(known.childId, random);
  if (known.kind === "renew_lease") return leaseResult(known, random);
  if (known.kind === "await_event") return eventResult(known, random);
  const isTurn = known.taskId === "code" && known.input instanceof Uint8Array && random < 0.9;
  return isTurn ? turnResult(known.input, random * 10) : attemptResult(random);
}

/** A turn of a durable function. Its steps follow from the length of the journal. */
function turnResult(input: Uint8Array, random: number): Omit<MachineCall, "key"> {
  const { from, journal } = JSON.parse(Buffer.from(input).toString()) as { from: number; journal: unknown[] };
  const known = from + journal.length;
  const task = (id: string, spec: unknown) => ({ task: `${id}${known}`, at: "code.ts:1", spec });
  const step = { step: `s${known}`, at: "code.ts:2", output: known };
  const turns: readonly object[] = [
    { steps: [step], more: true },
    { steps: [step, task("leaf", { uses: "test.leaf", retry: 1 })] },
    { steps: [task("nap", { wait: "3s" }), task("go", { wait: { signal: "go" } })] },
    { steps: [task("twin", { uses: "test.leaf", retry: 2 }), task("other", { set: 1 }), step] },
    { steps: [step], end: { output: "done" } },
    { steps: [], end: { error: { code: "test.fatal", message: "it broke" } } },
    { steps: [], cold: true },
    { steps: [] },
    { steps: [task("leaf", { uses: "test.leaf" })], known: known + 1 },
  ];
  const turn = { function: 1, known, ...turns[Math.floor(random)] };
  return {
    command: "complete_task",
    body: CompleteTask.fromPartial({ output: jsonBytes(turn), agent: "agent-1" }),
  };
}

/** One of a few events, so that events repeat. */
function eventResult({ type, sinceMs }: AwaitEvent, random: number): Omit<MachineCall, "key"> {
  const n = Math.floor(random * 6);
  const event = { specversion: "1.0", id: `e${n}`, source: "/test", type, data: n };
  const body = TakeEvent.fromPartial({ event: jsonBytes(event), digest: `e${n}`, timeMs: sinceMs + n });
  return { command: "take_event", body };
}

function leaseResult({ leases }: RenewLease, random: number): Omit<MachineCall, "key"> {
  const lost = leases[Math.floor(random * leases.length)];
  const { limit = "", ticket = 0 } = lost ?? {};
  return { command: "lose_lease", body: LoseLease.fromPartial({ limit, ticket }) };
}

function childResult(id: string, random: number): Omit<MachineCall, "key"> {
  if (random < 0.2) {
    const error = ErrorDetail.fromPartial({ code: "definition.missing", message: "there is none" });
    return { command: "refuse_child", body: RefuseChild.fromPartial({ error }) };
  }
  const status = random < 0.6 ? WorkStatus.WORK_STATUS_COMPLETED : WorkStatus.WORK_STATUS_FAILED;
  const ending = random < 0.4 || random > 0.9 ? { runId: id, status } : undefined;
  return {
    command: "confirm_child",
    body: ConfirmChild.fromPartial({ id, hash: "h", ...(ending && { ending }) }),
  };
}

/** Questions of rules about an output. */
function questionsOf(random: number) {
  const first = { rule: "shop/dear@3", message: "May it?", approvalsNeeded: 1 };
  if (random < 0.57) return [first];
  const named = { rule: "system/odd@1", message: "Is it odd?", deciders: ["anna"], approvalsNeeded: 1 };
  return random < 0.59 ? [{ ...first, timeoutMs: 2_000 }] : [named, { ...first, approvalsNeeded: 2 }];
}

/** Returns the result of an agent for an attempt. */
function attemptResult(random: number): Omit<MachineCall, "key"> {
  if (random < 0.62) {
    const output = random < 0.1 ? { id: 7, n: random } : random < 0.2 ? null : "done";
    const bytes = output === null ? new Uint8Array(0) : jsonBytes(output);
    const used = random < 0.3 ? { tokens: 1, money: 2, timeMs: 3 } : undefined;
    return {
      command: "complete_task",
      body: CompleteTask.fromPartial({
        ...{ output: bytes, agent: "agent-1", questions: random > 0.54 ? questionsOf(random) : [] },
        ...(used && { used }),
      }),
    };
  }
  if (random < 0.85) {
    const code = random < 0.7 ? "test.fatal" : random < 0.75 ? "stock.empty" : "test.broken";
    const retry = random > 0.82 ? RetryClass.RETRY_CLASS_NEVER : RetryClass.RETRY_CLASS_UNSPECIFIED;
    const error = ErrorDetail.fromPartial({ code, message: "it broke", retry });
    return { command: "fail_task", body: FailTask.fromPartial({ error, agent: "agent-2" }) };
  }
  return {
    command: "return_task",
    body: ReturnTask.fromPartial({
      retryAfterMs: random < 0.9 ? 500 : 0,
      message: "busy",
      lost: random > 0.95,
    }),
  };
}

/** Includes versions that the run does not fit. */
function movedTo(hashes: readonly string[]): Arbitrary<MoveRunTo> {
  const dropped = [
    ["one"],
    ["one", "two"],
    ["left", "right"],
    ["each"],
    ["all"],
    ["book"],
    ["a"],
    ["grow"],
    ["poll"],
  ];
  const drops = dropped.map((ids) => Object.fromEntries(ids.map((id) => [id, ""])));
  const map = fc.constantFrom({}, {}, {}, { one: "left" }, ...drops);
  return fc.record({
    ...{ hash: fc.constantFrom(...hashes), versionLabel: fc.constantFrom("", "2"), map },
    ...{ restart: fc.boolean(), reason: fc.constant("fixed") },
  });
}
