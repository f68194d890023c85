import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, it } from "node:test";
import { silentLogger } from "@tutti/kernel";
import { connect } from "./client/connect.ts";
import { missionSpecOf } from "./client/missions/spec.ts";
import { sessionSpecOf } from "./client/sessions/spec.ts";
import { taskSpecOf } from "./client/work/task.ts";
import { EmbeddedTutti } from "./embed/embedded.ts";
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
