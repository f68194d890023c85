import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, it } from "node:test";
import { silentLogger } from "@tutti/kernel";
import { connect } from "./client/connect.ts";
import { EmbeddedTutti } from "./embed/embedded.ts";
import { Worker } from "./worker.ts";

// As a program without types passes them.
const misspelled = (options: object): never => options as never;

describe("an unknown option is refused with the name that was probably meant", () => {
  const refusal = (of: string, option: string, meant: string) => ({
    code: "sdk.option_unknown",
    message: new RegExp(`\`${of}\` has no option \`${option}\`. Did you mean \`${meant}\``),
  });

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
