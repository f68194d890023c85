/** Sessions on a whole installation: every mode over the same tasks, dependent parts, moves, locks, other sessions. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  ExecuteSessionRequest,
  Mode,
  type Session,
  SessionFilter,
  sessionService,
} from "@tutti/contracts/session/v1";
import { missionService } from "@tutti/contracts/swarm/v1";
import { type TaskSpec, TaskStatus, WorkStatus } from "@tutti/contracts/types/v1";
import { isTuttiError, retryMessage, singleAttempt } from "@tutti/kernel";
import { gate, until } from "@tutti/kernel/testing";
import type { Client } from "@tutti/mesh";
import type { Worker } from "@tutti/sdk";
import { Installation } from "./installation.ts";

const { MODE_WORKFLOW: workflow, MODE_SWARM: swarm, MODE_INTELLIGENCE: intelligence } = Mode;
const { MODE_HYBRID: hybrid, MODE_ADAPTIVE: adaptive } = Mode;

type RequestInput = NonNullable<Parameters<typeof ExecuteSessionRequest.fromPartial>[0]>;

describe("sessions on a whole installation", () => {
  let installation: Installation;
  let sessions: Client<typeof sessionService>;
  const workers: Worker[] = [];
  const proceed = gate();
  const blocked = gate();
  const codeOf = (promise: Promise<unknown>) =>
    promise.then(
      () => "done",
      (error: unknown) => (isTuttiError(error) ? error.code : String(error)),
    );

  before(async () => {
    installation = await Installation.open([], { time: "real" });
    sessions = installation.host.mesh.client(sessionService, { service: "master" });
    for (const agentId of ["anna", "ben"]) {
      const worker = installation.worker({ agentId, slots: 2 });
      const add = ({ of }: { readonly of: readonly number[] }) => of.reduce((sum, each) => sum + each, 1);
      worker.handle("number.add", add);
      worker.handle("number.sum", add);
      worker.handle("text.fail", () => {
        throw new Error("no ink");
      });
      worker.handle("door.slow", () => installation.pass(1_500).then(() => 1));
      worker.handle("door.wait", async () => {
        await proceed.pass();
        return 1;
      });
      worker.handle("door.held", async () => {
        await blocked.pass();
        return 1;
      });
      await worker.start();
      workers.push(worker);
    }
  });
  after(async () => {
    for (const worker of workers) await worker.stop();
    await installation?.[Symbol.asyncDispose]();
  });

  function task(id: string, needs: readonly string[] = [], more: Partial<TaskSpec> = {}): TaskSpec {
    const input = { of: needs.map((need) => `\${{ tasks.${need}.output }}`) };
    const inline = new TextEncoder().encode(JSON.stringify(input));
    const partial = {
      id,
      work: { $case: "capability" as const, value: "number.add" },
      needs: needs.map((need) => ({ task: need })),
      input: { body: { $case: "inline" as const, value: inline } },
    };
    return { ...taskOf(partial), ...more };
  }

  function taskOf(partial: object): TaskSpec {
    const request = ExecuteSessionRequest.fromPartial({
      spec: { work: { $case: "tasks", value: { tasks: [partial] } } },
    } as RequestInput);
    const { work } = request.spec ?? {};
    if (work?.$case !== "tasks" || work.value.tasks[0] === undefined) throw new Error("expected a task");
    return work.value.tasks[0];
  }

  async function execute(
    mode: Mode,
    tasks: TaskSpec[],
    spec: object = {},
    more: object = {},
  ): Promise<string> {
    const request = ExecuteSessionRequest.fromPartial({ spec: { ...spec, mode }, ...more } as RequestInput);
    if (request.spec !== undefined)
      request.spec.work = { $case: "tasks", value: { tasks, output: "", input: undefined } };
    const { session } = await sessions.executeSession(request, {});
    return session?.sessionId ?? "";
  }

  async function ended(sessionId: string): Promise<Session> {
    let session: Session | undefined;
    for (let waits = 0; waits < 6 && session?.endTime === undefined; waits++)
      ({ session } = await sessions.awaitSession(
        { namespace: "", sessionId, waitMs: 20_000 },
        { timeoutMs: 30_000 },
      ));
    assert.ok(session?.endTime !== undefined, `${sessionId} has ended: ${session?.statusReason ?? ""}`);
    return session;
  }

  function outputOf({ outcome, statusReason }: Session): unknown {
    const { result } = outcome ?? {};
    assert.equal(result?.$case, "completed", `${statusReason} ${JSON.stringify(result)}`);
    if (result?.$case !== "completed" || result.value.body?.$case !== "inline") return undefined;
    return JSON.parse(new TextDecoder().decode(result.value.body.value));
  }

  /** Chains, a bag, and a final task that needs all of them. */
  const graph = () => [
    ...[1, 2, 3, 4].map((n) => task(`chain${n}`, n === 1 ? [] : [`chain${n - 1}`])),
    ...Array.from({ length: 8 }, (_, n) => task(`bag${n}`, ["chain1"])),
    task("left", ["bag0", "bag1", "chain4"]),
    task("right", ["bag2", "chain4"]),
    task("knot", ["left", "right", ...Array.from({ length: 5 }, (_, n) => `bag${n + 3}`)]),
  ];

  /** Returns the outputs of a plain sequential run. */
  function expected(tasks: readonly TaskSpec[]): Record<string, number> {
    const outputs: Record<string, number> = {};
    for (const { id, needs } of tasks)
      outputs[id] = needs.reduce((sum, need) => sum + (outputs[need.task] ?? 0), 1);
    return outputs;
  }

  for (const [name, mode] of Object.entries({ workflow, swarm, intelligence, hybrid, adaptive }))
    it(`returns in the mode ${name} the output of a sequential run`, async () => {
      const tasks = graph();
      const session = await ended(await execute(mode, tasks));
      assert.deepEqual(outputOf(session), expected(tasks));
      assert.equal(session.tasks?.completed, tasks.length);
      const expectedModes = mode === adaptive ? [workflow, swarm, intelligence, hybrid] : [mode];
      assert.ok(expectedModes.includes(session.effectiveMode as never), `found ${session.effectiveMode}`);
      assert.deepEqual(
        new Set(session.parts.map(({ status }) => status)),
        new Set([WorkStatus.WORK_STATUS_COMPLETED]),
      );
      const { tasks: listed } = await sessions.listTasks(
        {
          namespace: "",
          sessionId: session.sessionId,
          statuses: [],
          partId: "",
          withPayloads: false,
          page: undefined,
        },
        {},
      );
      for (const { spec, agentId, startTime, endTime } of listed) {
        assert.match(agentId, /^(anna|ben)$/, spec?.id);
        assert.ok(startTime !== undefined && endTime !== undefined);
      }
    });

  it("is listed with its requested mode, its task counts and its usage", async () => {
    const tasks = [
      task("first"),
      task("held", ["first"], { work: { $case: "capability", value: "door.held" } }),
      task("last", ["held"]),
    ];
    const sessionId = await execute(adaptive, tasks);
    const filter = SessionFilter.fromPartial({ sessionIds: [sessionId] });
    const listed = async () => {
      const request = { namespace: "", filter, oldestFirst: false, page: undefined };
      return (await sessions.listSessions(request, {})).sessions[0];
    };
    const going = await until(
      "it is listed with its running task",
      listed,
      (found) => found?.tasks?.running === 1 && found.tasks.completed === 1,
    );
    assert.equal(going?.spec?.mode, adaptive);
    assert.equal(going.tasks?.total, 3);
    const watch = sessions.watchSessions({ namespace: "", filter, cursor: "" }, {});
    blocked.open();
    for await (const { sessions: changed } of watch) if (changed[0]?.tasks?.completed === 3) break;
    const finished = await ended(sessionId);
    const after = await until("its end is listed", listed, (found) => found?.endTime !== undefined);
    assert.deepEqual(after?.tasks, finished.tasks);
    assert.ok((finished.used?.timeMs ?? 0) > 0);
    assert.deepEqual(after?.used, finished.used);
    assert.deepEqual([after?.spec?.mode, after?.effectiveMode], [adaptive, finished.effectiveMode]);
  });

  it("plans, and shows the plan next to the actual times", async () => {
    const sessionId = await execute(intelligence, graph());
    await ended(sessionId);
    const { plan, count } = await sessions.getPlan({ namespace: "", sessionId, number: 0 }, {});
    assert.ok(count >= 1);
    assert.notEqual(plan?.reason, "");
    assert.ok((plan?.lowerBoundMs ?? 0) > 0);
    assert.equal(plan?.tasks.length, graph().length);
    for (const each of plan?.tasks ?? []) {
      assert.match(each.plannedAgentId, /^(anna|ben)$/);
      assert.ok(each.plannedStartTime !== undefined && each.endTime !== undefined);
    }
    assert.ok(plan?.tasks.some(({ critical }) => critical));
  });

  it("passes outputs between parts that are done in different modes", async () => {
    // Short tasks, for which a busy machine has learned no durations.
    const estimate = { durationMs: 1, money: 0, tokens: 0, by: [] };
    const work = { $case: "capability", value: "number.sum" } as const;
    const tasks = graph().map((each) => ({ ...each, work, estimate }));
    const session = await ended(await execute(hybrid, tasks));
    assert.ok(session.parts.length > 1, "the graph is cut");
    assert.deepEqual(outputOf(session), expected(tasks));
    const { choices } = await sessions.explainSession(
      { namespace: "", sessionId: session.sessionId, taskId: "" },
      {},
    );
    assert.equal(choices[0]?.kind, "cut");
  });

  it("moves pending tasks to another mode, and their dependants stay in place", async () => {
    const wait = task("wait", [], { work: { $case: "capability", value: "door.wait" } });
    const tasks = [wait, task("next", ["wait"]), task("last", ["next"]), task("more", ["wait"])];
    const sessionId = await execute(workflow, tasks);
    await until("the first is running", async () => {
      const { session } = await sessions.getSession({ namespace: "", sessionId, atEvent: 0 }, {});
      return session?.tasks?.running === 1;
    });
    const move = (taskIds: string[], mode: Mode) =>
      sessions.moveTasks(
        { namespace: "", sessionId, taskIds, mode, reason: "there is room", idempotencyKey: "" },
        {},
      );
    assert.equal(await codeOf(move(["wait"], swarm)), "session.task_begun");
    const { moves } = await move(["next"], swarm);
    assert.deepEqual(
      moves.map(({ taskId, fromPartId, toPartId, reason }) => [taskId, fromPartId, toPartId, reason]),
      [["next", "p1", "p2", "there is room"]],
    );
    await move(["more"], intelligence);
    proceed.open();
    const session = await ended(sessionId);
    assert.deepEqual(outputOf(session), { wait: 1, next: 2, last: 3, more: 2 });
    // The remaining tasks are balanced. The last task cannot be moved by the test, and on a busy machine it may go to the
    // agent with room.
    assert.deepEqual(
      session.parts.map(({ mode, taskIds }) => [mode, taskIds.filter((id) => id !== "last")]),
      [
        [workflow, ["wait"]],
        [swarm, ["next"]],
        [intelligence, ["more"]],
      ],
    );
  });

  it("moves tasks automatically from a part that delays them, with the reason", async () => {
    const slow = (id: string, needs: string[]) =>
      task(id, needs, { work: { $case: "capability", value: "door.slow" } });
    // Only tasks with known durations are moved. Durations are learned within seconds of the end of attempts.
    await ended(await execute(swarm, [slow("first", []), task("bag", ["first"])]));
    await installation.pass(3_000);
    const sessionId = await execute(hybrid, [
      ...[1, 2, 3, 4, 5].map((n) => slow(`slow${n}`, n === 1 ? [] : [`slow${n - 1}`])),
      slow("first", []),
      ...Array.from({ length: 10 }, (_, n) => task(`bag${n}`, ["first"])),
    ]);
    const parts = await until("it is in parts", async () => {
      const { session: now } = await sessions.getSession({ namespace: "", sessionId, atEvent: 0 }, {});
      return now !== undefined && now.parts.length > 1 ? now.parts : undefined;
    });
    const bag = parts?.find(({ mode }) => mode === swarm);
    assert.ok(bag?.work !== undefined);
    // The mission is paused directly, so its session does not know it.
    await until("its mission is held", () =>
      installation.host.mesh
        .client(missionService)
        .pauseMission({ namespace: "", missionId: bag.work?.id ?? "", reason: "load", idempotencyKey: "" })
        .then(
          () => true,
          () => false,
        ),
    );
    const moves = await until("tasks have moved", async () => {
      for await (const reply of sessions.watchSession(
        { namespace: "", sessionId, withTasks: false, withPayloads: false, withChoices: true, cursor: "" },
        {},
      ))
        if (reply.moves.length > 0) return reply.moves;
      return undefined;
    });
    assert.ok(moves?.every(({ fromPartId }) => fromPartId === bag.partId));
    assert.match(moves?.[0]?.reason ?? "", /holds its tasks up/);
  });

  it("accepts more tasks while it runs, and waits for another session and for its locks", async () => {
    const first = await execute(swarm, [task("a")], { locks: [{ name: "press" }] });
    const second = await execute(swarm, [task("b")], {
      locks: [{ name: "press" }],
      dependsOn: [{ session: { kind: "session", id: first } }],
    });
    const { total } = await sessions.addTasks(
      { namespace: "", sessionId: second, tasks: [task("c", ["b"])], idempotencyKey: "once" },
      {},
    );
    assert.equal(total, 2);
    assert.deepEqual(outputOf(await ended(second)), { b: 1, c: 2 });
    const before = await ended(first);
    const after = await ended(second);
    assert.ok((after.startTime?.seconds ?? 0) >= (before.endTime?.seconds ?? Number.POSITIVE_INFINITY));
  });

  it("fails with the error of a task, and a retry resumes from there", async () => {
    const bad = task("bad", ["good"], {
      work: { $case: "capability", value: "text.fail" },
      retry: retryMessage(singleAttempt),
    });
    for (const mode of [workflow, swarm, intelligence]) {
      const sessionId = await execute(mode, [task("good"), bad, task("never", ["bad"])]);
      const session = await ended(sessionId);
      assert.equal(session.status, WorkStatus.WORK_STATUS_FAILED);
      const { result } = session.outcome ?? {};
      assert.equal(result?.$case === "failed" ? result.value.code : "", "session.tasks_failed");
      await sessions.retrySession(
        { namespace: "", sessionId, taskIds: [], reason: "again", idempotencyKey: "" },
        {},
      );
      const retried = await ended(sessionId);
      assert.equal(retried.status, WorkStatus.WORK_STATUS_FAILED);
      assert.equal(retried.parts.length, 2);
      assert.deepEqual(retried.parts[1]?.taskIds, ["bad", "never"], "good results are kept");
    }
  });

  it("is paused, resumed, and cancelled with everything that it started", async () => {
    const hold = task("hold", [], { work: { $case: "capability", value: "door.wait" } });
    const closed = gate();
    workers[0]?.handle("door.closed", async (_input, context) => {
      await Promise.race([
        closed.pass(),
        new Promise((done) => context.signal.addEventListener("abort", done)),
      ]);
      return 1;
    });
    for (const mode of [workflow, swarm, intelligence]) {
      const sessionId = await execute(mode, [hold, task("next", ["hold"])]);
      const about = { namespace: "", sessionId, reason: "lunch" };
      await sessions.pauseSession(about, {});
      const { session } = await sessions.resumeSession(about, {});
      assert.notEqual(session?.status, WorkStatus.WORK_STATUS_PAUSED);
      await ended(sessionId);
      const other = await execute(mode, [task("a"), task("b", ["a"])], { dependsOn: [] });
      await sessions.cancelSession({ namespace: "", sessionId: other, reason: "enough" }, {}).catch(() => {});
      const { status } = await ended(other);
      assert.ok(status === WorkStatus.WORK_STATUS_CANCELLED || status === WorkStatus.WORK_STATUS_COMPLETED);
    }
  });

  it("refuses at once, naming the task or the circle", async () => {
    const errorOf = (tasks: TaskSpec[], spec: object = {}, more: object = {}) =>
      execute(workflow, tasks, spec, more).then(
        () => "done",
        (error: unknown) => (isTuttiError(error) ? `${error.code} ${error.message}` : String(error)),
      );
    assert.match(await errorOf([task("a", ["b"]), task("b", ["a"])]), /^session\.task_invalid .*cycle/);
    assert.match(await errorOf([task("a", ["gone"])]), /^session\.task_invalid .*gone/);
    const unknown = task("u", [], { work: { $case: "capability", value: "nobody.does" } });
    assert.match(await errorOf([unknown]), /^session\.capability_unknown .*task `u`/);
    assert.match(
      await errorOf([task("g", [], { resources: { gpu: 2 } })]),
      /^session\.resources_impossible .*[Tt]ask `g`/,
    );
    const dependsOn = [{ session: { kind: "session", id: "ring-b" } }];
    const first = await execute(workflow, [task("a")], { dependsOn }, { sessionId: "ring-a" });
    const circular = { dependsOn: [{ session: { kind: "session", id: first } }] };
    assert.match(
      await errorOf([task("a")], circular, { sessionId: "ring-b" }),
      /^session\.waits_in_circle .*ring-b waits for ring-a waits for ring-b/,
    );
    await sessions.terminateSession({ namespace: "", sessionId: first, reason: "" }, {});
    assert.equal((await ended(first)).status, WorkStatus.WORK_STATUS_TERMINATED);
  });

  it("starts once per key, receives signals, is listed by its mode, and is gone after its removal", async () => {
    const request = ExecuteSessionRequest.fromPartial({ idempotencyKey: "tonight", spec: { mode: swarm } });
    const work = { $case: "tasks" as const, value: { tasks: [task("a")], output: "", input: undefined } };
    if (request.spec !== undefined) request.spec.work = work;
    const first = await sessions.executeSession(request, {});
    const second = await sessions.executeSession(request, {});
    assert.deepEqual([first.existed, second.existed], [false, true]);
    const sessionId = first.session?.sessionId ?? "";
    assert.equal(second.session?.sessionId, sessionId);
    const spec = request.spec && { ...request.spec, priority: 3 };
    assert.equal(await codeOf(sessions.executeSession({ ...request, spec }, {})), "session.conflict");
    await ended(sessionId);
    const late = {
      namespace: "",
      sessionId,
      signal: "go",
      payload: undefined,
      partId: "",
      idempotencyKey: "",
    };
    assert.equal(await codeOf(sessions.signalSession(late, {})), "session.ended");
    const wait = task("wait", [], { work: { $case: "capability", value: "door.slow" } });
    const other = await execute(workflow, [wait]);
    const send = async (idempotencyKey: string): Promise<number> =>
      (await sessions.signalSession({ ...late, sessionId: other, idempotencyKey }, {})).event;
    const [earlier, later] = [await send("one"), await send("two")];
    assert.ok(earlier > 0 && later > earlier);
    // A repeated call returns the event of its own signal, not that of another signal with the same name.
    assert.deepEqual([await send("two"), await send("one")], [later, earlier]);
    await ended(other);
    const about = { namespace: "", sessionId, reason: "done with" };
    await until("it is listed", async () => {
      const filter = SessionFilter.fromPartial({ sessionIds: [sessionId], modes: [swarm] });
      const found = await sessions.listSessions(
        { namespace: "", filter, oldestFirst: false, page: undefined },
        {},
      );
      return found.sessions.some(({ status }) => status === WorkStatus.WORK_STATUS_COMPLETED);
    });
    assert.deepEqual(await sessions.deleteSession(about, {}), { removed: true });
    assert.equal(
      await codeOf(sessions.getSession({ namespace: "", sessionId, atEvent: 0 }, {})),
      "session.missing",
    );
    assert.deepEqual(await sessions.deleteSession(about, {}), { removed: false });
  });

  it("compares its mode with simulations of other modes after its end", async () => {
    const session = await ended(await execute(swarm, graph()));
    const { sessionId } = session;
    const { modes, assumptions } = await sessions.compareModes({ namespace: "", sessionId, modes: [] }, {});
    assert.equal(modes[0]?.mode, swarm);
    assert.equal(modes[0]?.real, true);
    assert.ok(modes.length >= 3);
    assert.notEqual(assumptions, "");
    for (const { simulatedMs } of modes) assert.ok(simulatedMs > 0);
    assert.equal(session.tasks?.completed, graph().length);
  });

  it("reports tasks, choices and moves to watchers, and resumes from a cursor", async () => {
    const sessionId = await execute(adaptive, graph());
    const done = new Set<string>();
    let cursor = "";
    const watched = { namespace: "", sessionId, withTasks: true, withPayloads: false, withChoices: true };
    const kinds: string[] = [];
    for await (const reply of sessions.watchSession({ ...watched, cursor: "" }, {})) {
      for (const { spec, status } of reply.tasks)
        if (status === TaskStatus.TASK_STATUS_COMPLETED) done.add(spec?.id ?? "");
      kinds.push(...reply.choices.map(({ kind }) => kind));
      if (reply.cursor !== "") ({ cursor } = reply);
    }
    assert.equal(done.size, graph().length);
    assert.ok(kinds.includes("mode"));
    const more: number[] = [];
    for await (const { tasks } of sessions.watchSession({ ...watched, cursor }, {})) more.push(tasks.length);
    assert.deepEqual(new Set(more), new Set([0]), "what was seen is not told again");
  });
});
