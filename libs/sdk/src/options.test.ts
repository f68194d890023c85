import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, it } from "node:test";
import { RunFilter } from "@tutti/contracts/workflow/v1";
import { silentLogger } from "@tutti/kernel";
import { previewBulk } from "./client/bulk.ts";
import { connect } from "./client/connect.ts";
import { Reservation } from "./client/missions/budget.ts";
import { MissionTaskContext } from "./client/missions/mission-task.ts";
import { ClaimedTask } from "./client/missions/participation.ts";
import { missionSpecOf } from "./client/missions/spec.ts";
import { RunHandle } from "./client/run.ts";
import { sessionSpecOf } from "./client/sessions/spec.ts";
import { taskSpecOf } from "./client/work/task.ts";
import { EmbeddedTutti } from "./embed/embedded.ts";
import { durable } from "./functions/durable.ts";
import { TaskFailure } from "./task/failure.ts";
import { Worker } from "./worker.ts";
import { capability } from "./workflow.ts";

// As a program without types passes them.
const misspelled = (options: object): never => options as never;

const refusal = (of: string, option: string, meant: string) => ({
  code: "sdk.option_unknown",
  message: new RegExp(
    `^\`${of.replaceAll(/[.[\]]/g, "\\$&")}\` has no option \`${option}\`. Did you mean \`${meant}\``,
  ),
});

describe("an unknown option is refused with the name that was probably meant", () => {
  it("of a worker, its credentials and its handlers", () => {
    assert.throws(() => new Worker(misspelled({ slts: 4 })), refusal("Worker", "slts", "slots"));
    assert.throws(
      () => new Worker(misspelled({ credentials: { acessToken: "x" } })),
      refusal("Worker.credentials", "acessToken", "accessToken"),
    );
    const worker = new Worker({ slots: 1 });
    assert.throws(
      () => worker.handle("a.b", () => 1, misspelled({ inputShema: {} })),
      refusal("worker.handle", "inputShema", "inputSchema"),
    );
  });

  it("lists all options if none has a similar name", () => {
    assert.throws(() => new Worker(misspelled({ id: "a" })), {
      message:
        /^`Worker` has no option `id`\. Its options: address, agentId, .*, slots\. Correct the option\.$/,
    });
  });

  it("of connect, of a start and of a schedule", async () => {
    await assert.rejects(connect(misspelled({ namespce: "x" })), refusal("connect", "namespce", "namespace"));
    await using tutti = await connect({ address: "127.0.0.1:9" });
    await assert.rejects(tutti.run("w", misspelled({ imput: 1 })), refusal("run", "imput", "input"));
    await assert.rejects(
      tutti.schedules.create("s", "w", misspelled({ crom: "@daily" })),
      refusal("schedule", "crom", "cron"),
    );
  });

  it("of a session, a mission, a trigger and an embedded client", async () => {
    await using tutti = await connect({ address: "127.0.0.1:9" });
    const task = { id: "a", uses: "a.b" };
    await assert.rejects(
      tutti.run(misspelled({ tasks: [task], mod: "swarm" })),
      refusal("session", "mod", "mode"),
    );
    await assert.rejects(
      tutti.missions.start(misspelled({ tasks: [task], pol: "p" })),
      refusal("mission", "pol", "pool"),
    );
    await assert.rejects(
      tutti.triggers.create("t", "w", misspelled({ evnt: "a" })),
      refusal("trigger", "evnt", "event"),
    );
    assert.throws(
      () => new EmbeddedTutti(misspelled({ sorces: [] })),
      refusal("EmbeddedTutti", "sorces", "sources"),
    );
  });
});

describe("an unknown option of an inner object is refused with its path", () => {
  const task = { id: "a", uses: "a.b" };

  it("of a trigger, a schedule and a start", async () => {
    await using tutti = await connect({ address: "127.0.0.1:9" });
    const trigger = (options: object) =>
      tutti.triggers.create("t", "w", misspelled({ event: "a", ...options }));
    const cases: [() => Promise<unknown>, path: string, option: string, meant: string][] = [
      [() => trigger({ batch: { sise: 5 } }), "trigger.batch", "sise", "size"],
      [() => trigger({ throttle: { count: 1, par: "1s" } }), "trigger.throttle", "par", "per"],
      [() => trigger({ debounce: { for: "1s", mx: "1m" } }), "trigger.debounce", "mx", "max"],
      [() => trigger({ afterRun: { workflw: "w" } }), "trigger.afterRun", "workflw", "workflow"],
      [() => trigger({ webhook: { secret: ["a"] } }), "trigger.webhook", "secret", "secrets"],
      [() => trigger({ budget: { tokns: 1 } }), "trigger.budget", "tokns", "tokens"],
      [
        () => tutti.schedules.create("s", "w", misspelled({ every: "1h", budget: { mony: 1 } })),
        "schedule.budget",
        "mony",
        "money",
      ],
      [() => tutti.run("w", misspelled({ budget: { tme: "1h" } })), "run.budget", "tme", "time"],
    ];
    for (const [call, path, option, meant] of cases) await assert.rejects(call, refusal(path, option, meant));
  });

  it("of the changes of a trigger and a schedule, before any request", async () => {
    await using tutti = await connect({ address: "127.0.0.1:9" });
    const trigger = tutti.triggers.get("t");
    await assert.rejects(
      trigger.update(misspelled({ batch: { size: 5, wat: "1s" } })),
      refusal("trigger.batch", "wat", "wait"),
    );
    await assert.rejects(
      trigger.update(misspelled({ run: { definition: "w", pol: "p" } })),
      refusal("trigger.run", "pol", "pool"),
    );
    await assert.rejects(
      tutti.schedules.get("s").update(misspelled({ jiter: "1s" })),
      refusal("schedule", "jiter", "jitter"),
    );
  });

  it("of a session", () => {
    const cases: [options: object, path: string, option: string, meant: string][] = [
      [{ budget: { tokns: 1 } }, "session.budget", "tokns", "tokens"],
      [{ optimization: { tim: 1 } }, "session.optimization", "tim", "time"],
      [{ monitoring: { levl: "minimal" } }, "session.monitoring", "levl", "level"],
      [{ mode: { orchestrater: "a.b" } }, "session.mode", "orchestrater", "orchestrator"],
      [{ after: ["a", { session: "b", onn: "always" }] }, "session.after[1]", "onn", "on"],
      [{ locks: [{ name: "a", permit: 2 }] }, "session.locks[0]", "permit", "permits"],
      [{ goal: { description: "a", planer: "b" } }, "session.goal", "planer", "planner"],
    ];
    for (const [options, path, option, meant] of cases)
      assert.throws(
        () => sessionSpecOf(misspelled({ tasks: [task], ...options })),
        refusal(path, option, meant),
      );
  });

  it("of a mission", () => {
    const cases: [options: object, path: string, option: string, meant: string][] = [
      [{ budget: { whenUsdUp: "fail" } }, "mission.budget", "whenUsdUp", "whenUsedUp"],
      [{ leader: { rle: "a" } }, "mission.leader", "rle", "role"],
      [{ roles: [{ name: "a", maxAgent: 2 }] }, "mission.roles[0]", "maxAgent", "maxAgents"],
      [{ stop: [{ name: "a", conditon: "true" }] }, "mission.stop[0]", "conditon", "condition"],
    ];
    for (const [options, path, option, meant] of cases)
      assert.throws(
        () => missionSpecOf(misspelled({ tasks: [task], ...options })),
        refusal(path, option, meant),
      );
  });

  it("of a task, and of its parts", () => {
    const cases: [options: object, path: string, option: string, meant: string][] = [
      [{ retri: 3 }, "tasks.a", "retri", "retry"],
      [{ retry: { atempts: 3 } }, "tasks.a.retry", "atempts", "attempts"],
      [{ timeout: { heartbeet: "1s" } }, "tasks.a.timeout", "heartbeet", "heartbeat"],
      [{ needs: ["b", { taks: "c" }] }, "tasks.a.needs[1]", "taks", "task"],
      [{ cost: { mony: 1 } }, "tasks.a.cost", "mony", "money"],
      [{ checks: [{ name: "a", condition: "true", time: 2 }] }, "tasks.a.checks[0]", "time", "times"],
    ];
    for (const [options, path, option, meant] of cases)
      assert.throws(() => taskSpecOf(misspelled({ ...task, ...options })), refusal(path, option, meant));
    assert.throws(() => taskSpecOf(misspelled({ idd: "a" })), refusal("task", "idd", "id"));
  });

  it("of a connection, a handler and a typed capability", async () => {
    await assert.rejects(connect(misspelled({ tls: { cs: "" } })), refusal("connect.tls", "cs", "ca"));
    const worker = new Worker({ slots: 1 });
    assert.throws(
      () => worker.handle("a.b", () => 1, misspelled({ estimate: { mony: 1 } })),
      refusal("worker.handle.estimate", "mony", "money"),
    );
    assert.throws(
      () => worker.handle(capability("a.b", misspelled({ inputs: {} })), () => 1),
      refusal("capability", "inputs", "input"),
    );
  });
});

describe("a filter and a lock", () => {
  it("have known options", async () => {
    await using tutti = await connect({ address: "127.0.0.1:9" });
    const calls: readonly (readonly [call: () => unknown, of: string, option: string, meant: string])[] = [
      [() => tutti.runs.list(misspelled({ status: [] })), "runs.list", "status", "statuses"],
      [() => tutti.sessions.list(misspelled({ txt: "a" })), "sessions.list", "txt", "text"],
      [() => tutti.triggers.list(misspelled({ pausd: true })), "triggers.list", "pausd", "paused"],
    ];
    for (const [call, ...of] of calls) assert.throws(call, refusal(...of));
    await assert.rejects(
      tutti.locks.acquire("l", misspelled({ waitt: "1s" })),
      refusal("locks.acquire", "waitt", "wait"),
    );
    assert.throws(
      () => tutti.runs.list(misspelled({ statuses: ["faild"] })),
      /`statuses\[0\]`: expected one of .*failed/,
    );
  });
});

describe("a wrong value is refused with the path of its option, before any request", () => {
  const task = { id: "a", uses: "a.b" };
  const inDuration = "a duration such as 30s or 1h30m, or milliseconds";
  const wrong = (path: string, expected: string, found: string) => ({
    code: "sdk.option_invalid",
    message: `\`${path}\`: expected ${expected}, got ${found}. Correct the option.`,
  });
  type Case = readonly [options: object, path: string, expected: string, found: string];

  it("of a worker and its handlers", () => {
    const cases: readonly Case[] = [
      [{ slots: "4" }, "slots", "a whole number from 1 to 100000", '"4"'],
      [{ slots: 0 }, "slots", "a whole number from 1 to 100000", "0"],
      [{ pool: 5 }, "pool", "a text", "5"],
      [
        { kind: "modle" },
        "kind",
        "one of function, command, container, model, conversation, person",
        '"modle"',
      ],
      [{ drainMs: "30s" }, "drainMs", "a number from 0", '"30s"'],
      [{ labels: { zone: 1 } }, "labels", "an object with texts", "an object"],
      [{ handleSignals: "no" }, "handleSignals", "true or false", '"no"'],
      [{ secrets: "env:DB" }, "secrets", "a list", '"env:DB"'],
      [{ contextKeys: ["a", 1] }, "contextKeys[1]", "a text", "1"],
      [{ onSleep: "x" }, "onSleep", "a function", '"x"'],
      [{ credentials: "key" }, "credentials", "an object", '"key"'],
    ];
    for (const [options, ...of] of cases) assert.throws(() => new Worker(misspelled(options)), wrong(...of));
    assert.throws(
      () => new Worker().handle("a.b", () => 1, misspelled({ estimate: { money: "1" } })),
      wrong("estimate.money", "a number from 0", '"1"'),
    );
  });

  it("of a session", () => {
    const modes = "one of workflow, swarm, intelligence, hybrid, adaptive";
    const cases: readonly Case[] = [
      [{ mode: "swram" }, "mode", modes, '"swram"'],
      [{ mode: null }, "mode", modes, "null"],
      [{ optimization: "tiem" }, "optimization", "true or false or one of time, cost, quality", '"tiem"'],
      [{ monitoring: { level: "high" } }, "monitoring.level", "one of minimal, standard, detailed", '"high"'],
      [{ timeout: "2 days" }, "timeout", inDuration, '"2 days"'],
      [{ budget: 5 }, "budget", "an object", "5"],
      [{ budget: { tokens: "many" } }, "budget.tokens", "a number from 0", '"many"'],
      [{ priority: "high" }, "priority", "a whole number from -100 to 100", '"high"'],
      [{ after: "other" }, "after", "a list", '"other"'],
      [{ after: [{ session: "x", on: "done" }] }, "after[0].on", "one of success, failure, always", '"done"'],
      [{ dueTime: "tomorrow" }, "dueTime", "a valid Date", '"tomorrow"'],
      [{ limits: { slots: "4" } }, "limits", "an object with numbers from 0", "an object"],
    ];
    for (const [options, ...of] of cases)
      assert.throws(() => sessionSpecOf(misspelled({ tasks: [task], ...options })), wrong(...of));
    assert.throws(() => sessionSpecOf(misspelled({ tasks: {} })), wrong("tasks", "a list", "an object"));
  });

  it("of a task", () => {
    const attempts = "a whole number of at least 1, the first attempt included";
    const cases: readonly Case[] = [
      [{ retry: { attempts: "five" } }, "retry.attempts", attempts, '"five"'],
      [{ retry: "5" }, "retry", attempts, '"5"'],
      [{ retry: { backoff: 5 } }, "retry.backoff", "a duration such as 1s, or two such as 1s..1m", "5"],
      [{ retry: { exhausted: "stop" } }, "retry.exhausted", "one of fail, pause", '"stop"'],
      [{ retry: { on: "net.*" } }, "retry.on", "a list", '"net.*"'],
      [{ timeout: { heartbeat: "2 m" } }, "timeout.heartbeat", inDuration, '"2 m"'],
      [{ needs: "b" }, "needs", "a list", '"b"'],
      [{ needs: [{ task: "b", on: "ok" }] }, "needs[0].on", "one of success, failure, always, done", '"ok"'],
      [
        { checks: [{ name: "a", condition: "true", otherwise: "retyr" }] },
        "checks[0].otherwise",
        "one of fail, sendBack, approval",
        '"retyr"',
      ],
    ];
    for (const [options, path, ...of] of cases)
      assert.throws(() => taskSpecOf(misspelled({ ...task, ...options })), wrong(`tasks.a.${path}`, ...of));
  });

  it("of a mission", () => {
    const cases: readonly Case[] = [
      [{ assignment: "offerd" }, "assignment", "one of offered, claimed, both", '"offerd"'],
      [{ leader: "yes" }, "leader", "true or false", '"yes"'],
      [{ roles: { name: "a" } }, "roles", "a list", "an object"],
      [
        // biome-ignore lint/suspicious/noThenProperty: the option has this name, and the value is no promise.
        { stop: [{ name: "a", condition: "true", then: "end" }] },
        "stop[0].then",
        "one of complete, fail, approval",
        '"end"',
      ],
      [{ stuckAfter: "soon" }, "stuckAfter", inDuration, '"soon"'],
      [{ budget: { whenUsedUp: "stop" } }, "budget.whenUsedUp", "one of approval, finish, fail", '"stop"'],
    ];
    for (const [options, ...of] of cases)
      assert.throws(() => missionSpecOf(misspelled({ tasks: [task], ...options })), wrong(...of));
  });

  it("of connect, a start, a schedule, a trigger and a pool", async () => {
    await assert.rejects(
      connect(misspelled({ callTimeoutMs: "5s" })),
      wrong("callTimeoutMs", "a whole number from 1", '"5s"'),
    );
    await using tutti = await connect({ address: "127.0.0.1:9" });
    const every = { every: "1h" };
    const cases: readonly (readonly [call: () => Promise<unknown>, ...of: [string, string, string]])[] = [
      [() => tutti.run("w", misspelled({ timeout: -1 })), "timeout", inDuration, "-1"],
      [() => tutti.run("w", misspelled({ startTime: 5 })), "startTime", "a valid Date", "5"],
      [
        () => tutti.schedules.create("s", "w", misspelled({ ...every, overlap: "quue" })),
        "overlap",
        "one of skip, queueOne, queueAll, cancelOther, terminateOther, allow",
        '"quue"',
      ],
      [
        () => tutti.schedules.get("s").trigger("", misspelled("no" as never)),
        "overlap",
        "one of skip, queueOne, queueAll, cancelOther, terminateOther, allow",
        '"no"',
      ],
      [
        () => tutti.schedules.create("s", "w", misspelled({ cron: 5 })),
        "cron",
        "a text or a list of texts",
        "5",
      ],
      [
        () => tutti.triggers.create("t", "w", misspelled({ event: "a", singleton: "one" })),
        "singleton",
        "one of skip, queue",
        '"one"',
      ],
      [
        () => tutti.triggers.get("t").update(misspelled({ throttle: { count: "2" } })),
        "throttle.count",
        "a whole number from 0",
        '"2"',
      ],
      [() => tutti.locks.acquire("l", misspelled({ lease: "soon" })), "lease", inDuration, '"soon"'],
      [async () => tutti.missions.list(misspelled({ labels: "a" })), "labels", "an object with texts", '"a"'],
      [() => tutti.triggers.post(misspelled({ type: 5 })), "type", "a text", "5"],
      [
        async () => tutti.runs.preview(misspelled("retyr" as never)),
        "action",
        "one of retry, pause, resume, cancel, terminate, remove",
        '"retyr"',
      ],
      [() => tutti.pools.create("p", misspelled({ description: 5 })), "description", "a text", "5"],
    ];
    for (const [call, ...of] of cases) await assert.rejects(call, wrong(...of));
  });
});

describe("an unknown option of a method is refused, before any request", () => {
  type Call = readonly [call: () => unknown, of: string, option: string, meant: string];
  const key = { idempotncyKey: "k" } as never;
  const keyed = ["idempotncyKey", "idempotencyKey"] as const;
  const refuseAll = async (calls: readonly Call[]) => {
    for (const [call, ...of] of calls) await assert.rejects(async () => await call(), refusal(...of));
  };

  it("of a run", async () => {
    await using tutti = await connect({ address: "127.0.0.1:9" });
    const run = tutti.runs.get("r");
    await refuseAll([
      [() => run.repair("a", misspelled({ ouput: 5 }), "why"), "run.repair", "ouput", "output"],
      [() => run.label(misspelled({ label: {} })), "run.label", "label", "labels"],
      [
        () => run.cancel("x", misspelled({ noCompensation: true })),
        "run.cancel",
        "noCompensation",
        "noCompensate",
      ],
      [() => run.approve("a", misspelled({ reasn: "x" })), "run.approve", "reasn", "reason"],
      [() => run.reject("a", misspelled({ dat: 1 })), "run.reject", "dat", "data"],
      [() => run.release("a", misspelled({ persn: "x" })), "run.release", "persn", "person"],
      [() => run.events(misspelled({ afer: 1 })).next(), "run.events", "afer", "after"],
      [() => run.watch(misspelled({ signl: 1 })).next(), "run.watch", "signl", "signal"],
      [() => run.signal("s", 1, key), "run.signal", ...keyed],
      [() => run.update("u", 1, key), "run.update", ...keyed],
      [() => run.result(misspelled({ timout: "1s" })), "result", "timout", "timeout"],
    ]);
  });

  it("of a mission", async () => {
    await using tutti = await connect({ address: "127.0.0.1:9" });
    const mission = tutti.missions.get("m");
    const { board, budget, messages, votes } = mission;
    await refuseAll([
      [() => mission.tasks(misspelled({ claimdBy: "a" })), "mission.tasks", "claimdBy", "claimedBy"],
      [() => mission.addTasks([], key), "mission.addTasks", ...keyed],
      [() => mission.join("a", misspelled({ rol: "r" })), "mission.join", "rol", "role"],
      [() => mission.signal("s", 1, key), "mission.signal", ...keyed],
      [() => mission.approve("a", misspelled({ reasn: "x" })), "mission.approve", "reasn", "reason"],
      [() => mission.reject("a", misspelled({ reasn: "x" })), "mission.reject", "reasn", "reason"],
      [() => mission.watch(misspelled({ signl: 1 })).next(), "mission.watch", "signl", "signal"],
      [() => mission.result(misspelled({ timout: "1s" })), "result", "timout", "timeout"],
      [() => board.put("k", 1, misspelled({ ifVersoin: 1 })), "board.put", "ifVersoin", "ifVersion"],
      [() => board.remove("k", misspelled({ ifVersoin: 1 })), "board.remove", "ifVersoin", "ifVersion"],
      [() => board.watch("", misspelled({ signl: 1 })).next(), "board.watch", "signl", "signal"],
      [() => budget.reserve({}, misspelled({ taskID: "a" })), "budget.reserve", "taskID", "taskId"],
      [() => budget.reserve(misspelled({ token: 1 })), "budget.reserve.amounts", "token", "tokens"],
      [() => messages.send("everybody", 1, misspelled({ answer: 1 })), "messages.send", "answer", "answers"],
      [() => messages.send(misspelled({ agnt: "a" }), 1), "messages.send.to", "agnt", "agent"],
      [() => messages.list(misspelled({ afer: 1 })), "messages.list", "afer", "after"],
      [() => messages.watch(misspelled({ afer: 1 })).next(), "messages.watch", "afer", "after"],
      [() => votes.list(misspelled({ openOnyl: true })), "votes.list", "openOnyl", "openOnly"],
      [() => votes.outcome("v", misspelled({ signl: 1 })), "votes.outcome", "signl", "signal"],
    ]);
  });

  it("of an agent in a mission, its task and its reserved budget", async () => {
    await using tutti = await connect({ address: "127.0.0.1:9" });
    const mission = tutti.missions.get("m");
    const participant = mission.participant("a");
    const none = {} as never;
    const claimed = new ClaimedTask(none, none, none);
    const reservation = new Reservation(none, none, none);
    const joined = {
      get: async () => ({ participants: [{ agentId: "a" }] }),
      participant: () => participant,
    };
    const identity = { taskId: "t", agentId: "a", pool: "p" };
    const context = await MissionTaskContext.join(joined as never, identity);
    const task = { id: "b", uses: "a.b" };
    await refuseAll([
      [() => participant.claim(misspelled({ cout: 2 })), "participant.claim", "cout", "count"],
      [() => participant.addTasks([], misspelled({ parnt: "a" })), "participant.addTasks", "parnt", "parent"],
      [() => claimed.complete(1, misspelled({ usd: {} })), "task.complete", "usd", "used"],
      [
        () => claimed.complete(1, misspelled({ used: { token: 1 } })),
        "task.complete.used",
        "token",
        "tokens",
      ],
      [() => claimed.fail({ code: "a.b", message: "" }, misspelled({ usd: {} })), "task.fail", "usd", "used"],
      [() => claimed.renew(misspelled({ leasMs: 1 })), "task.renew", "leasMs", "leaseMs"],
      [() => claimed.handOff({ role: "r" }, misspelled({ reasn: "" })), "task.handOff", "reasn", "reason"],
      [() => claimed.handOff(misspelled({ agnt: "b" })), "task.handOff.to", "agnt", "agent"],
      [() => claimed.delegate(task, misspelled({ untl: 1 })), "task.delegate", "untl", "until"],
      [() => context.handOff({ role: "r" }, misspelled({ reasn: "" })), "task.handOff", "reasn", "reason"],
      [() => context.handOff(misspelled({ agnt: "b" })), "task.handOff.to", "agnt", "agent"],
      [() => context.delegate(task, misspelled({ untl: 1 })), "task.delegate", "untl", "until"],
      [() => reservation.spend({}, key), "budget.spend", ...keyed],
      [() => reservation.spend(misspelled({ token: 1 })), "budget.spend.amounts", "token", "tokens"],
    ]);
  });

  it("of a session and a trigger", async () => {
    await using tutti = await connect({ address: "127.0.0.1:9" });
    const session = tutti.sessions.get("s");
    const trigger = tutti.triggers.get("t");
    const plan = { tasks: [{ id: "a", uses: "a.b" }] };
    await refuseAll([
      [() => session.tasks(misspelled({ partID: "p" })), "session.tasks", "partID", "partId"],
      [() => session.addTasks([], key), "session.addTasks", ...keyed],
      [() => session.signal("s", 1, misspelled({ partID: "p" })), "session.signal", "partID", "partId"],
      [() => session.watch(misspelled({ signl: 1 })).next(), "session.watch", "signl", "signal"],
      [() => session.result(misspelled({ timout: "1s" })), "result", "timout", "timeout"],
      [
        () => session.moveTasks([], misspelled({ to: "swarm", reasn: "" })),
        "session.moveTasks",
        "reasn",
        "reason",
      ],
      [
        () => session.addDependency("b", misspelled({ reasn: "" })),
        "session.addDependency",
        "reasn",
        "reason",
      ],
      [
        () => session.removeDependency("b", misspelled({ reasn: "" })),
        "session.removeDependency",
        "reasn",
        "reason",
      ],
      [() => tutti.sessions.plan(plan, misspelled({ agent: [] })), "sessions.plan", "agent", "agents"],
      [
        () => tutti.sessions.plan(plan, misspelled({ agents: [{ id: "a", uses: [], slot: 2 }] })),
        "sessions.plan.agents[0]",
        "slot",
        "slots",
      ],
      [() => trigger.replay(misspelled({ form: new Date() })), "trigger.replay", "form", "from"],
      [
        () => trigger.retryDeadLetters(misspelled({ number: [1] })),
        "trigger.retryDeadLetters",
        "number",
        "numbers",
      ],
      [
        () => trigger.dropDeadLetters(misspelled({ number: [1] })),
        "trigger.dropDeadLetters",
        "number",
        "numbers",
      ],
    ]);
  });

  it("of objects, locks, approvals, workflows and an action on many runs", async () => {
    await using tutti = await connect({ address: "127.0.0.1:9" });
    const { approvals, locks, objects, workflows } = tutti;
    const bulk = { previewBulk: async () => ({ reviews: [] }) } as never;
    const preview = await previewBulk({ bulk, namespace: "n" }, "retry", RunFilter.fromPartial({}));
    await refuseAll([
      [() => objects.of("o", "k", misspelled({ timout: "1s" })), "objects.of", "timout", "timeout"],
      [() => objects.call("o", "k", "c", 1, misspelled({ idd: "a" })), "objects.call", "idd", "id"],
      [() => preview.apply("why", misspelled({ perSecnd: 5 })), "preview.apply", "perSecnd", "perSecond"],
      [() => locks.list(misspelled({ prefx: "a" })), "locks.list", "prefx", "prefix"],
      [() => approvals.watch(misspelled({ runID: "r" })).next(), "approvals.watch", "runID", "runId"],
      [
        () => workflows.register({}, misspelled({ filename: "a" })),
        "workflows.register",
        "filename",
        "fileName",
      ],
      [() => workflows.graph("w", misspelled({ versoin: "2" })), "workflows.graph", "versoin", "version"],
      [
        () => workflows.versions("w", misspelled({ liveOnyl: true })).next(),
        "workflows.versions",
        "liveOnyl",
        "liveOnly",
      ],
    ]);
  });

  it("of a worker", async () => {
    const worker = new Worker().handle("a.b", () => 1);
    const fn = durable("f", () => 1);
    await refuseAll([
      [
        () => worker.describe("a.b", misspelled({ descripton: "x" })),
        "worker.describe",
        "descripton",
        "description",
      ],
      [
        () => worker.durable(fn, misspelled({ version: "2.0.0", percnt: 5 })),
        "worker.durable",
        "percnt",
        "percent",
      ],
      [
        () => worker.durable(fn, misspelled({ inputShema: {} })),
        "worker.durable",
        "inputShema",
        "inputSchema",
      ],
    ]);
  });
});

describe("a repair", () => {
  it("has exactly one of its options, with a correct value", async () => {
    await using tutti = await connect({ address: "127.0.0.1:9" });
    const wrongs: readonly (readonly [repair: object, message: string])[] = [
      [{}, "The options of run.repair: expected exactly one of output, skip, error, input, got none"],
      [
        { output: 5, skip: "alone" },
        "The options of run.repair: expected exactly one of output, skip, error, input, got output and skip",
      ],
      [
        { skip: undefined },
        "The options of run.repair: expected exactly one of output, skip, error, input, got none",
      ],
      [{ skip: true }, "`skip`: expected one of alone, withDependents, got true"],
      [
        { error: { code: "a.b", mesage: "x" } },
        "`error`: expected an object with the texts code and message, got an object",
      ],
    ];
    for (const [repair, message] of wrongs)
      await assert.rejects(tutti.runs.get("r").repair("a", misspelled(repair), "why"), {
        code: "sdk.option_invalid",
        message: `${message}. Correct the option.`,
      });
  });

  it("sends the option that is set, and an output of undefined as null", async () => {
    const sent: unknown[] = [];
    const tasks = {
      repairTask: async ({ repair }: { repair: { $case: string } }) => sent.push(repair.$case),
    };
    const run = new RunHandle({ tasks, namespace: "n" } as never, "r");
    await run.repair("a", misspelled({ skip: undefined, output: 5 }), "why");
    await run.repair("a", { output: undefined }, "why");
    await run.repair("a", { skip: "alone" }, "why");
    await run.repair("a", { error: new TaskFailure("a.b", "x") }, "why");
    await run.repair("a", { input: 1 }, "why");
    assert.deepEqual(sent, ["output", "output", "skip", "error", "input"]);
  });
});

describe("a wrong value of a method is refused with its option, before any request", () => {
  it("of a run, a mission, a session and a worker", async () => {
    await using tutti = await connect({ address: "127.0.0.1:9" });
    const run = tutti.runs.get("r");
    const mission = tutti.missions.get("m");
    const calls: readonly (readonly [call: () => unknown, message: string])[] = [
      [
        () => run.cancel("x", misspelled({ noCompensate: "no" })),
        '`noCompensate`: expected true or false, got "no"',
      ],
      [() => run.label(misspelled({ dueTime: "today" })), '`dueTime`: expected a valid Date, got "today"'],
      [
        () => run.events(misspelled({ after: "3" })).next(),
        '`after`: expected a whole number from 0, got "3"',
      ],
      [
        () => run.watch(misspelled({ signal: new AbortController() })).next(),
        "`signal`: expected an AbortSignal, got an object",
      ],
      [
        () => run.result(misspelled({ timeout: "soon" })),
        '`timeout`: expected a duration such as 30s or 1h30m, or milliseconds, got "soon"',
      ],
      [
        () => mission.board.put("k", 1, misspelled({ ifVersion: "1" })),
        '`ifVersion`: expected a whole number from 0, got "1"',
      ],
      [() => mission.join("a", misspelled({ topics: "t" })), '`topics`: expected a list, got "t"'],
      [
        () => tutti.sessions.get("s").tasks(misspelled({ withPayloads: 1 })),
        "`withPayloads`: expected true or false, got 1",
      ],
      [
        () =>
          new Worker().durable(
            durable("f", () => 1),
            misspelled({ version: "2.0.0", percent: 101 }),
          ),
        "`percent`: expected a whole number from 0 to 100, got 101",
      ],
    ];
    for (const [call, message] of calls)
      await assert.rejects(async () => await call(), {
        code: "sdk.option_invalid",
        message: `${message}. Correct the option.`,
      });
  });
});

describe("a misspelt variable", () => {
  it("is named once by the clients of a process, with the variable that was probably meant", async () => {
    const warned = once(process, "warning");
    const variables = { TUTTI_NAMSPACE: "shop", TUTTI_LOG_LEVEL: "debug" };
    const warnings: string[] = [];
    const logger = { ...silentLogger, warn: (text: string) => warnings.push(text) };
    await using _first = await connect({ address: "127.0.0.1:9" }, { variables });
    await using _second = await connect({ address: "127.0.0.1:9", logger }, { variables });
    assert.equal(
      ((await warned) as [Error])[0].message,
      "The environment variable TUTTI_NAMSPACE is ignored. Did you mean TUTTI_NAMESPACE?",
    );
    await using _third = await connect({ address: "127.0.0.1:9", logger }, { variables: { TUTTI_ULR: "x" } });
    assert.deepEqual(warnings, ["The environment variable TUTTI_ULR is ignored. Did you mean TUTTI_URL?"]);
  });
});
