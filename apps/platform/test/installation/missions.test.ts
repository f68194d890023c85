/** Missions on a whole installation: workers, children, streams, lists, explanations, and forbidden actions of agents. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  BoardOperation,
  boardService,
  missionService,
  type ParticipateReply,
  ParticipateRequest,
  PutEntriesRequest,
  WatchTaskOutputRequest,
} from "@tutti/contracts/swarm/v1";
import { SpanKind, TaskStatus, WaitCause, WorkStatus } from "@tutti/contracts/types/v1";
import { ListApprovalsRequest, taskService } from "@tutti/contracts/workflow/v1";
import { isTuttiError } from "@tutti/kernel";
import { gate, until } from "@tutti/kernel/testing";
import type { Worker } from "@tutti/sdk";
import type { Tutti } from "@tutti/sdk/client";
import { Installation } from "./installation.ts";

describe("missions on a whole installation", () => {
  let installation: Installation;
  let tutti: Tutti;
  let worker: Worker;
  const proceed = gate();
  const codeOf = (promise: Promise<unknown>) =>
    promise.then(
      () => "done",
      (error: unknown) => (isTuttiError(error) ? error.code : String(error)),
    );

  before(async () => {
    installation = await Installation.open();
    tutti = await installation.client();
    worker = installation.worker({ agentId: "hand" });
    worker.handle("note.down", async ({ text }: { readonly text: string }, context) => {
      const { board, messages, budget } = await context.mission();
      const draft = await budget.reserve({ tokens: 5 });
      await draft.spend({ tokens: 3 });
      await draft.release();
      await messages.send("everybody", { noted: text });
      const { version } = await board.update<string[]>("notes", (notes = []) => [...notes, text]);
      return { version };
    });
    worker.handle("tell.slowly", async (_input, context) => {
      for (const piece of ["one ", "two "]) await context.output(piece);
      await context.output("aside", { channel: "notes" });
      await proceed.pass();
      await context.output("three");
      return "told";
    });
    worker.handle("number.double", ({ n }: { readonly n: number }) => n * 2);
    worker.handle("split.up", async (_input, context) => {
      const mission = await context.mission();
      await mission.addTasks([
        { id: "part", uses: "number.double", input: { n: 4 } },
        { id: "other", uses: "number.double", input: { n: 5 } },
      ]);
      return "split";
    });
    worker.handle("split.needing", async (_input, context) => {
      const mission = await context.mission();
      const uses = "number.double";
      await mission.addTasks([
        { id: "first", uses, when: "false", input: { n: 1 } },
        { id: "plain", uses, needs: ["first"], input: { n: 2 } },
        { id: "success", uses, needs: [{ task: "first", end: "success" }], input: { n: 3 } },
      ]);
    });
    await worker.start();
  });
  after(async () => {
    await worker?.stop();
    await tutti?.close();
    await installation?.[Symbol.asyncDispose]();
  });

  it("a worker's handler writes, sends messages and spends in the mission of its task", async () => {
    const mission = await tutti.missions.start({
      id: "noting",
      budget: { tokens: 100 },
      tasks: ["one", "two"].map((text) => ({ id: text, uses: "note.down", input: { text } })),
    });
    await mission.result();
    assert.deepEqual([...((await mission.board.get<string[]>("notes"))?.value ?? [])].sort(), ["one", "two"]);
    const senders: unknown[] = [];
    for await (const { sender } of mission.messages.list()) senders.push(sender);
    assert.deepEqual(senders, ["hand", "hand"]);
    assert.equal((await mission.budget.get()).spent?.tokens, 6);
  });

  it("a skipped task satisfies a plain need of a task that an agent adds", async () => {
    const mission = await tutti.missions.start({ tasks: [{ id: "adding", uses: "split.needing" }] });
    await mission.result();
    const statuses = (await mission.tasks()).map(({ spec, status }) => [spec?.id, status]);
    assert.deepEqual(statuses, [
      ["adding", TaskStatus.TASK_STATUS_COMPLETED],
      ["first", TaskStatus.TASK_STATUS_SKIPPED],
      ["plain", TaskStatus.TASK_STATUS_COMPLETED],
      ["success", TaskStatus.TASK_STATUS_SKIPPED],
    ]);
  });

  it("a task's output streams while the task runs, also to a client that resumes from its cursor", async () => {
    await tutti.missions.start({ id: "telling", tasks: [{ id: "tell", uses: "tell.slowly" }] });
    const watch = (options: {
      readonly channel?: string;
      readonly cursor?: string;
      readonly taskId?: string;
    }) =>
      installation.host.mesh
        .client(boardService)
        .watchTaskOutput(
          WatchTaskOutputRequest.fromPartial({ missionId: "telling", taskId: "tell", ...options }),
        );
    let output = "";
    let cursor = "";
    for await (const reply of watch({ channel: "" })) {
      output += reply.chunks.map(({ chunk }) => Buffer.from(chunk).toString()).join("");
      ({ cursor } = reply);
      if (output === "one two aside") break;
    }
    proceed.open();
    let rest = "";
    for await (const { chunks, live } of watch({ cursor })) {
      assert.equal(live, true);
      rest += chunks.map(({ chunk }) => Buffer.from(chunk).toString()).join("");
    }
    assert.equal(rest, "three");
    const notes = [];
    for await (const { chunks } of watch({ channel: "notes" })) notes.push(...chunks);
    assert.deepEqual(
      notes.map(({ chunk, attempt, index }) => [Buffer.from(chunk).toString(), attempt, index]),
      [["aside", 1, 2]],
    );
    const { value: restarted } = await watch({ cursor: "of another" }).next();
    assert.equal(restarted?.live, false, "a task that cannot be resumed restarts, and reports it");
    assert.equal(await codeOf(watch({ taskId: "nothing" }).next()), "mission.task_missing");
  });

  it("a task adds others while the mission runs, and they are done before it ends", async () => {
    const mission = await tutti.missions.start({ tasks: [{ id: "split", uses: "split.up" }] });
    assert.deepEqual(await mission.result(), { split: "split", part: 8, other: 10 });
  });

  it("a run starts a mission that starts a run, and the result returns in one trace", async () => {
    await tutti.workflows.register(
      "workflow: inner\ntasks: {double: {uses: number.double, with: {n: 21}}}\n",
    );
    await tutti.workflows.register(
      'workflow: middle\ntasks: {deep: {workflow: inner}}\noutput: "${{ tasks.deep.output.double }}"\n',
    );
    await tutti.workflows.register(
      'workflow: outer\ntasks: {explore: {mission: middle}}\noutput: "${{ tasks.explore.output }}"\n',
    );
    assert.equal(await tutti.execute("outer", { id: "outer-1" }), 42);
    const missions: string[] = [];
    await until("the mission is listed", async () => {
      missions.length = 0;
      for await (const { missionId, parent, status } of tutti.missions.list({ text: "outer-1" }))
        missions.push(`${missionId} of ${parent?.id}, ${status === WorkStatus.WORK_STATUS_COMPLETED}`);
      return missions.length > 0 && missions[0]?.endsWith("true");
    });
    assert.deepEqual(missions, ["outer-1..explore..0 of outer-1, true"]);
    const middle = tutti.missions.get("outer-1..explore..0");
    const { tasks } = await middle.get();
    const deepest = (await middle.tasks())[0]?.child?.id;
    assert.deepEqual([tasks?.total, tasks?.completed], [1, 1]);
    const { mesh } = installation.host;
    const which = { namespace: "default", childDepth: 0, page: undefined };
    const traces = await Promise.all([
      mesh.client(taskService).getTimeline({ ...which, runId: "outer-1" }),
      mesh.client(missionService).getMissionTimeline({ ...which, missionId: "outer-1..explore..0" }),
      mesh.client(taskService).getTimeline({ ...which, runId: deepest ?? "" }),
    ]);
    const ids = new Set(traces.map(({ traceId }) => traceId));
    assert.deepEqual([ids.size, ids.has("")], [1, false]);
  });

  it("one cancel ends the run, its mission and the run below it", async () => {
    await tutti.workflows.register("workflow: below\ntasks: {never: {uses: nobody.does}}\n");
    await tutti.workflows.register("workflow: between\ntasks: {deep: {workflow: below}}\n");
    await tutti.workflows.register("workflow: above\ntasks: {explore: {mission: between}}\n");
    const run = await tutti.run("above", { id: "above-1" });
    const child = tutti.missions.get("above-1..explore..0");
    const deepest = await until("the deepest is there", async () => {
      const tasks = await child.tasks().catch(() => []);
      return tasks.find(({ status }) => status === TaskStatus.TASK_STATUS_WAITING)?.child?.id;
    });
    await run.cancel("no longer wanted");
    assert.equal(await codeOf(run.result()), "workflow.cancelled");
    await until("all have ended", async () => {
      const statuses = [(await child.get()).status, (await tutti.runs.get(String(deepest)).get()).status];
      return statuses.every((status) => status === WorkStatus.WORK_STATUS_CANCELLED);
    });
  });

  it("a question below a run and its mission is a question of all three", async () => {
    const ask = 'workflow: asks\ntasks: {sure: {approve: {title: "Sure?"}}}\n';
    for (const text of [
      ask,
      "workflow: asks-between\ntasks: {deep: {workflow: asks}}\n",
      "workflow: asks-above\ntasks: {explore: {mission: asks-between}}\n",
    ])
      await tutti.workflows.register(text);
    const run = await tutti.run("asks-above", { id: "asks-1" });
    const tasks = installation.host.mesh.client(taskService);
    const asking = async (workId: string) => {
      const filter = { filter: { workId, withChildren: true } };
      const { approvals } = await tasks.listApprovals(ListApprovalsRequest.fromPartial(filter));
      return approvals.map(({ about }) => about?.id);
    };
    const mission = "asks-1..explore..0";
    const ids = await until(
      "it asks",
      () => asking(mission).catch(() => []),
      ({ length }) => length > 0,
    );
    assert.equal(ids.length, 1);
    assert.deepEqual(await asking("asks-1"), ids);
    assert.deepEqual(await asking(ids[0] ?? ""), ids);
    await run.cancel("no longer wanted");
    assert.equal(await codeOf(run.result()), "workflow.cancelled");
  });

  it("a watch reports tasks, entries, messages and votes as they change, to the end", async () => {
    const mission = await tutti.missions.start({ id: "watched", stop });
    const reported = new Set<string>();
    const watching = (async () => {
      for await (const { mission: now, tasks, entries, messages, votes } of mission.watch()) {
        if (now !== undefined) reported.add(`status ${now.status}`);
        for (const { spec } of tasks) reported.add(`task ${spec?.id}`);
        for (const { key } of entries) reported.add(`entry ${key}`);
        for (const { number } of messages) reported.add(`message ${number}`);
        for (const { voteId } of votes) reported.add(`vote ${voteId}`);
      }
    })();
    const agent = await mission.join("ann", { offers: ["x.y"] });
    await mission.addTasks([{ id: "a", uses: "x.y" }]);
    await agent.messages.send({ topic: "talk" }, "hello");
    await mission.votes.open("v", { question: "?", options: ["yes", "no"] });
    await agent.board.put("seen", 1);
    await until("the entry is seen", () => reported.has("entry seen"));
    await agent.board.put("over", true);
    await watching;
    for (const item of ["task a", "entry seen", "entry over", "message 1", "vote v"])
      assert.ok(reported.has(item), item);
    assert.ok(reported.has(`status ${WorkStatus.WORK_STATUS_COMPLETED}`));
  });

  it("explains why a task waits, with remedies and the knowledge of its pool", async () => {
    const mission = await tutti.missions.start({
      id: "asking-why",
      tasks: [
        { id: "lost", uses: "nobody.does" },
        { id: "after", uses: "number.double", needs: ["lost"] },
      ],
    });
    const lost = await until(
      "the pool knows of it",
      () => mission.why("lost"),
      ({ waits }) => waits.some(({ cause }) => cause === WaitCause.WAIT_CAUSE_NO_CAPABILITY),
    );
    assert.match(lost.summary, /nobody\.does/);
    assert.ok(lost.remedies.length > 0);
    const after = await mission.why("after");
    assert.deepEqual(
      after.waits.map(({ cause, subject }) => [cause, subject]),
      [[WaitCause.WAIT_CAUSE_NEEDS, "lost"]],
    );
    assert.equal(await codeOf(mission.why("none")), "mission.task_missing");
    await mission.cancel();
  });

  it("shows its timeline, and is deleted on request", async () => {
    const mission = await tutti.missions.start({
      id: "timed",
      tasks: [{ id: "d", uses: "number.double", input: { n: 1 } }],
    });
    await mission.result();
    const missions = installation.host.mesh.client(missionService);
    const which = { namespace: "default", missionId: "timed" };
    const { spans } = await missions.getMissionTimeline({ ...which, childDepth: 0, page: undefined });
    const kinds = spans.map(({ kind, task, endTime }) => [kind, task, endTime !== undefined]);
    assert.deepEqual(kinds.slice(0, 2), [
      [SpanKind.SPAN_KIND_WHOLE, "", true],
      [SpanKind.SPAN_KIND_QUEUE, "d", true],
    ]);
    assert.equal(await mission.delete(), true);
    assert.equal(await mission.delete(), false);
    assert.equal(await codeOf(mission.get()), "mission.mission_missing");
  });

  it("a repeated start returns the same mission, and another mission with its id is refused", async () => {
    const options = { id: "twice", tasks: [{ id: "d", uses: "number.double", input: { n: 1 } }] };
    assert.equal((await tutti.missions.start(options)).existed, false);
    assert.equal((await tutti.missions.start(options)).existed, true);
    assert.equal(
      await codeOf(tutti.missions.start({ ...options, goal: "another" })),
      "mission.mission_conflict",
    );
  });

  it("an agent acts only for itself, and only as a participant", async () => {
    const mission = await tutti.missions.start({ id: "own", tasks: [{ id: "a", uses: "x.y" }] });
    const ann = await mission.join("ann", { offers: ["x.y"] });
    assert.equal(await codeOf(mission.participant("bob").board.put("k", 1)), "mission.not_taking_part");
    const [task] = await ann.claim();
    const bob = await mission.join("bob", { offers: ["x.y"] });
    assert.deepEqual(await bob.claim(), []);
    // A request with the claim of another agent changes nothing.
    const stolen = {
      claimId: task?.claimId ?? "",
      outcome: { $case: "output" as const, value: { body: undefined, mediaType: "" } },
    };
    const board = installation.host.mesh.client(boardService);
    const ends = [{ ...stolen, used: undefined, modelCalls: undefined }];
    const { receipts } = await board.completeTasks({ namespace: "", missionId: "own", agentId: "bob", ends });
    assert.equal(receipts[0]?.refusal?.code, "mission.claim_lost");
    await task?.complete();
    await mission.result();
  });

  it("one stream carries all of it: replies in the order of operations, and changes between them", async () => {
    const mission = await tutti.missions.start({ id: "streamed", tasks: [{ id: "a", uses: "x.y" }] });
    const board = installation.host.mesh.client(boardService);
    const replies: ParticipateReply[] = [];
    const { promise: isDone, resolve: end } = Promise.withResolvers<void>();
    async function* requests() {
      const operations = [
        {
          operation: {
            $case: "join" as const,
            value: { offering: { capabilities: [{ name: "x.y", version: "1.0.0" }] } },
          },
        },
        { operation: { $case: "claim" as const, value: { count: 1 } } },
        { operation: { $case: "put" as const, value: { writes: [{ key: "k" }], allOrNone: true } } },
        { operation: { $case: "spend" as const, value: { reservationId: "r9", amounts: { tokens: 1 } } } },
        {
          operation: {
            $case: "send" as const,
            value: { messages: [{ to: { target: { $case: "everybody" as const, value: {} } } }] },
          },
        },
      ];
      const interest = { tasks: true, entryPrefixes: [""], messagesAfter: 0, votes: true };
      yield ParticipateRequest.fromPartial({
        ...{ missionId: "streamed", agentId: "ann", interest },
        operations: operations.map((operation) => BoardOperation.fromPartial(operation)),
      });
      await isDone;
    }
    const reading = (async () => {
      for await (const reply of board.participate(requests())) replies.push(reply);
    })();
    await until("its own message is heard", () => replies.some(({ messages }) => messages.length > 0));
    end();
    await reading;
    const answers = replies.flatMap((reply) => reply.answers);
    assert.deepEqual(
      answers.map(({ number, answer }) => [number, answer?.$case]),
      [
        [1, "join"],
        [2, "claim"],
        [3, "put"],
        [4, "error"],
        [5, "send"],
      ],
    );
    const claimed = answers[1]?.answer;
    assert.equal(claimed?.$case === "claim" && claimed.value.tasks[0]?.claim?.agentId, "ann");
    assert.ok(replies.some(({ tasks }) => tasks.some(({ spec }) => spec?.id === "a")));
    await mission.cancel();
  });

  it("each event is published on the bus once, in order", async () => {
    const about = new Map<string, string[]>();
    await installation.host.bus.subscribe({
      pattern: "tutti.swarm.>",
      handle: {
        each({ subject = "", type }) {
          about.set(subject, [...(about.get(subject) ?? []), type.replace("tutti.swarm.", "")]);
        },
      },
    });
    const mission = await tutti.missions.start({ id: "heard", stop });
    const ann = await mission.join("ann");
    await ann.messages.send("everybody", 1);
    const written = { body: { $case: "inline" as const, value: new TextEncoder().encode("true") } };
    const writes = ["how", "over"].map((key) => ({ key, value: written }));
    const putting = PutEntriesRequest.fromPartial({ missionId: "heard", agentId: "ann", writes });
    await installation.host.mesh.client(boardService).putEntries(putting);
    await mission.result();
    await until("the end is published", () => about.get("heard")?.includes("mission.completed"));
    assert.deepEqual(about.get("heard"), [
      "mission.started",
      "message.sent",
      "blackboard.changed",
      "blackboard.changed",
      "mission.completed",
    ]);
  });

  it("a request for more budget and its answer are published on the bus", async () => {
    const published: string[] = [];
    await installation.host.bus.subscribe({
      pattern: "tutti.swarm.approval.>",
      handle: { each: ({ subject, type }) => void published.push(`${subject} ${type}`) },
    });
    const mission = await tutti.missions.start({ id: "dear", stop, budget: { tokens: 1 } });
    assert.notEqual(await codeOf(mission.budget.reserve({ tokens: 2 })), "done");
    await until("the question is published", () => published.length === 1);
    const [question] = await mission.approvals();
    await mission.reject(question?.approvalId ?? "", { reason: "enough" });
    await until("the answer is published", () => published.length === 2);
    assert.deepEqual(published, ["dear tutti.swarm.approval.requested", "dear tutti.swarm.approval.decided"]);
    const limited = await tutti.missions.start({ id: "given-up", stop, budget: { tokens: 1 } });
    assert.notEqual(await codeOf(limited.budget.reserve({ tokens: 2 })), "done");
    await limited.cancel();
    await until("both are told", () => published.length === 4);
    assert.deepEqual(published.slice(2), [
      "given-up tutti.swarm.approval.requested",
      "given-up tutti.swarm.approval.decided",
    ]);
  });
});

const stop = [{ name: "over", condition: "has(board.over)" }];
