import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { exitCodes } from "../src/command/exit-codes.ts";
import { exported, publicKey } from "../src/testing/audit-export.ts";
import { BuiltCommand, packageFolder, workspaceFolder } from "./support/command.ts";

const rules = `rules:
  - ruleId: no-night
    subject: request
    condition: "true"
    deny: {message: "Not at night."}
`;

const environment = { NODE_OPTIONS: `--import ${join(packageFolder, "test/support/hide-newer.mjs")}` };

describe("the CLI on Node 18.20", () => {
  let command: BuiltCommand;
  const tutti = (...args: string[]) => command.run(args, { environment, cwd: command.folder });

  before(async () => {
    command = await BuiltCommand.build();
  });
  after(() => command[Symbol.dispose]());

  it("verifies exports, and names the record that was changed", async () => {
    writeFileSync(join(command.folder, "march.jsonl"), exported());
    writeFileSync(join(command.folder, "altered.jsonl"), exported().replace("person:bob", "person:rob"));
    const good = await tutti("audit", "verify", "march.jsonl", "--public-key", publicKey);
    assert.equal(good.exitCode, exitCodes.completed, good.errors);
    assert.match(good.output, /3 records under 1 checkpoints, all valid/);
    const altered = await tutti("audit", "verify", "altered.jsonl", "--public-key", publicKey);
    assert.equal(altered.exitCode, exitCodes.failed, altered.errors);
    assert.match(altered.output, /workflow\/0\/1\/1 changed: it is not as it was written/);
    const piped = await command.run(["audit", "verify", "-", "--public-key", publicKey], {
      environment,
      input: readFileSync(join(command.folder, "march.jsonl"), "utf8"),
    });
    assert.equal(piped.exitCode, exitCodes.completed, piped.errors);
  });

  it("checks folders and definitions, and draws graphs", async () => {
    writeFileSync(join(command.folder, "house.rules.yaml"), rules);
    const order = join(workspaceFolder, "examples/workflows/order/workflow.yaml");
    for (const args of [
      ["workflow", "check", order],
      ["workflow", "graph", order],
      ["validate", join(workspaceFolder, "examples/workflows")],
      ["validate", command.folder],
    ]) {
      const { exitCode, output, errors } = await tutti(...args);
      assert.equal(exitCode, exitCodes.completed, output + errors);
    }
  });

  it("reads the definition of a scaler of workloads", async () => {
    const half = await tutti("scaler", "create", "pods", "--workload", "crew");
    assert.equal(half.exitCode, exitCodes.usage, half.errors);
    assert.match(half.errors, /KIND\/NAME/);
  });
});
