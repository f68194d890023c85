import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { connect } from "@tutti/sdk/client";
import { needsProgram } from "../../../../tools/programs.mjs";
import { Installation } from "./installation.ts";

const python = await needsProgram("python3-websockets");
const program = fileURLToPath(new URL("../../../../examples/agents/bare_agent.py", import.meta.url));

const definition = `workflow: shouting
tasks: {shout: {uses: python.shout, with: {words: "\${{ input.words }}"}}}
output: "\${{ tasks.shout.output }}"
`;

describe("an agent in Python over a WebSocket", { skip: python.skip }, () => {
  it("executes a task, streams its output, and disconnects when the result is durable", async () => {
    await using installation = await Installation.open([], { time: "real" });
    await using tutti = await connect({ address: installation.address });
    await tutti.workflows.register(definition);
    const url = installation.host.url.replace("http", "ws").concat("/v1/link");
    const agent = spawn(python.path, [program, url], { stdio: ["ignore", "pipe", "inherit"] });
    let printed = "";
    agent.stdout.on("data", (text: Buffer) => {
      printed += text;
    });
    const ended = once(agent, "exit");
    const run = await tutti.run("shouting", { input: { words: ["all", "together"] } });
    assert.equal(await run.result(), "ALL TOGETHER");
    const [code] = await ended;
    assert.deepEqual([code, printed], [0, "linked\ndurable\n"]);
  });
});
