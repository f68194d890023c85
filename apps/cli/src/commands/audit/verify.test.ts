import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { signerOf } from "@tutti/policy/audit";
import { runCommandLine } from "../../cli.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import { exported, publicKey } from "../../testing/audit-export.ts";
import { memoryShell } from "../../testing/memory-shell.ts";

async function verified(text: string, ...args: readonly string[]) {
  const shell = memoryShell({ files: { "march.jsonl": text, "audit.key": `${publicKey}\n` } });
  const exitCode = await runCommandLine(["audit", "verify", "march.jsonl", ...args], shell, "0.1.0");
  return { exitCode, output: shell.output.text, errors: shell.errors.text };
}

describe("tutti audit verify", () => {
  it("verifies an export by the public key, or by a file that contains it", async () => {
    for (const keyArg of [publicKey, "audit.key"]) {
      const { exitCode, output } = await verified(exported(), "--public-key", keyArg);
      assert.equal(exitCode, exitCodes.completed);
      assert.equal(output, "✓ march.jsonl: 3 records under 1 checkpoints, all valid\n");
    }
  });

  it("names the record of which a byte is another, and ends with the code for it", async () => {
    const text = exported().replace("person:bob", "person:rob");
    const { exitCode, output } = await verified(text, "--public-key", publicKey, "--json");
    assert.equal(exitCode, exitCodes.failed);
    const { ok, faults } = JSON.parse(output);
    assert.equal(ok, false);
    assert.deepEqual([faults[0].recordId, faults[0].kind], ["workflow/0/1/1", "changed"]);
  });

  it("fails without the key, with a wrong key, or without the file", async () => {
    const { exitCode, errors } = await verified(exported());
    assert.equal(exitCode, exitCodes.usage);
    assert.match(errors, /--public-key is required/);
    const other = Buffer.from(signerOf(new Uint8Array(32)).publicKey).toString("base64");
    assert.equal((await verified(exported(), "--public-key", other)).exitCode, exitCodes.failed);
    assert.match(
      (await verified(exported(), "--public-key", "short")).errors,
      /--public-key: expected 32 bytes/,
    );
    const shell = memoryShell();
    const args = ["audit", "verify", "march.jsonl", "--public-key", publicKey];
    assert.equal(await runCommandLine(args, shell, "0.1.0"), exitCodes.usage);
  });
});
