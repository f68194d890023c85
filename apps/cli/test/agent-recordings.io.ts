/** Judges agents by their recorded runs on a platform. The models follow a script. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { until } from "@tutti/kernel/testing";
import { Worker } from "@tutti/sdk";
import { agents } from "@tutti/sdk/agents";
import { type ServedModel, serveModel } from "@tutti/sdk/model-server";
import { ScriptedModel } from "@tutti/sdk/testing";
import { BuiltCommand, runToEnd, workspaceFolder } from "./support/command.ts";
import { PlatformProcess } from "./support/platform.ts";

const workflow = `workflow: desk
tasks:
  answer:
    agent:
      model: anthropic:claude-haiku-4-5
      instructions: Handle complaints.
      prompt: "\${{ input.text }}"
      tools: [shop.*]
output: "\${{ tasks.answer.output }}"
`;
const comparison = `one: {model: "anthropic:claude-haiku-4-5", instructions: Handle complaints., prompt: "\${{ input.text }}", tools: [shop.*]}
other: {model: "anthropic:claude-haiku-4-5", instructions: Refuse everything., prompt: "\${{ input.text }}"}
score: output == expected
`;

describe("recordings of agents", () => {
  const model = new ScriptedModel(({ instructions, conversation }) => {
    const order = /order (\S+)/.exec(conversation[0] ?? "")?.[1] ?? "";
    if (instructions.startsWith("Refuse")) return "No.";
    if (conversation.length === 1) return { calls: [{ name: "shop_price", input: { order } }] };
    return `The price of ${order} is ${conversation.at(-1)}.`;
  });
  let [platform, command, served, worker]: [PlatformProcess?, BuiltCommand?, ServedModel?, Worker?] = [];
  let folder = "";
  let called = 0;
  const tutti = async (line: string, ...more: readonly string[]) => {
    const args = [...line.split(" "), ...more];
    const { ANTHROPIC_API_KEY: _, ...rest } = process.env;
    return await (command as BuiltCommand).run([...args], {
      cwd: folder,
      environment: { ...rest, TUTTI_SERVER: platform?.url, ANTHROPIC_BASE_URL: served?.url } as never,
    });
  };

  before(async () => {
    [platform, command, served] = await Promise.all([
      PlatformProcess.start(),
      BuiltCommand.build(),
      serveModel(model),
    ]);
    // A folder of the clone: the command finds the testing kit there.
    folder = await mkdtemp(join(workspaceFolder, "node_modules", ".tutti-recordings-"));
    await writeFile(join(folder, "desk.yaml"), workflow);
    await writeFile(join(folder, "compare.yaml"), comparison);
    worker = new Worker({ address: platform.grpc, server: platform.url, handleSignals: false });
    worker.handle("shop.price", ({ order }: { readonly order: string }) => {
      called += 1;
      return order.length;
    });
    worker.durable(
      agents({ server: platform.url, providers: { anthropic: { speaks: "messages", url: served.url } } }),
    );
    await worker.start();
    const listed = async () => await (await fetch(`${platform?.url}/v1/capabilities`)).text();
    await until("the tool is listed", listed, (text) => text.includes('"shop.price"'));
    for (const [id, order] of [
      ["first", "a-1"],
      ["second", "b-22"],
    ]) {
      const { exitCode, errors } = await tutti(
        "run desk.yaml",
        `order=${order}`,
        `text=The order ${order} please`,
        "--id",
        id ?? "",
      );
      assert.equal(exitCode, 0, errors);
    }
  });
  after(async () => {
    await worker?.stop();
    await served?.close();
    await platform?.[Symbol.asyncDispose]();
    command?.[Symbol.dispose]();
    await rm(folder, { recursive: true, force: true });
  });

  it("are replayed without a token and without tool calls, and show the effect of a change", async () => {
    const [requestCount, before] = [model.requests.length, called];
    const same = await tutti("agent replay first second --json");
    assert.equal(same.exitCode, 0, same.errors + same.output);
    const changed = await tutti("agent replay first --deny-calls", 'call.name == "shop.price"');
    assert.equal(changed.exitCode, 1, changed.errors);
    assert.match(changed.output, /differs {2}first .*\n {2}no longer calls shop\.price \{"order":"a-1"\}/);
    assert.deepEqual([model.requests.length, called], [requestCount, before]);
    await writeFile(join(folder, "plain.yaml"), "workflow: plain\ntasks: {one: {set: 1}}\n");
    await tutti("run plain.yaml --id plain");
    const plain = await tutti("agent replay plain");
    assert.match(plain.errors, /Run `plain` has no recorded agent\.$/m);
    assert.doesNotMatch(plain.errors, /\n +at /);
  });

  it("are frozen to a workflow that the recordings test", async () => {
    const { exitCode, output, errors } = await tutti("agent freeze first second --workflow-name priced");
    assert.equal(exitCode, 0, errors + output);
    assert.match(output, /✓ does the same as first\n✓ does the same as second/);
    assert.match(await readFile(join(folder, "priced.yaml"), "utf8"), /order: \$\{\{ input\.order \}\}/);
    const checked = await tutti("workflow check priced.yaml");
    assert.equal(checked.exitCode, 0, checked.output + checked.errors);
    const tested = await runToEnd(process.execPath, ["priced.test.mjs"], {
      cwd: folder,
      environment: { NODE_TEST_CONTEXT: "" },
    });
    assert.equal(tested.exitCode, 0, tested.output + tested.errors);
    assert.match(tested.output, /pass 2/);
  });

  it("compare two agents on their inputs, with the interval of the difference", async () => {
    const { exitCode, output, errors } = await tutti("agent compare compare.yaml first second --json");
    assert.equal(exitCode, 0, errors + output);
    const { one, other, difference, better } = JSON.parse(output);
    assert.deepEqual([one.mean, other.mean, difference.mean, better], [1, 0, -1, ""]);
    assert.ok(one.usd > 0 && difference.low === -1 && difference.high > 0);
  });
});
