import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { secretValue } from "./resources.ts";

describe("the value of a secret", () => {
  const environment = { TILL: "1234", EMPTY: "" };
  const files: Readonly<Record<string, string>> = { "till.txt": "1234\n", "empty.txt": "\n" };
  const readText = async (name: string) => {
    const text = files[name];
    if (text === undefined) throw Object.assign(new Error("no file"), { code: "ENOENT" });
    return text;
  };
  const read = (from: string | undefined) =>
    secretValue({ id: "till", fileName: "till.yaml", from }, { environment, readText });

  it("is that of the variable, or of the file without its last newline", async () => {
    assert.deepEqual(await Promise.all(["env:TILL", "file:till.txt"].map(read)), ["1234", "1234"]);
  });

  it("is required before the first change: a plan fails as the change would", async () => {
    const reasons = {
      "env:UNSET": "the variable `UNSET` is not set.",
      "env:EMPTY": "`env:EMPTY` is empty.",
      "file:empty.txt": "`file:empty.txt` is empty.",
      "file:nowhere": "nowhere cannot be read: file not found.",
    };
    for (const [from, reason] of Object.entries(reasons))
      await assert.rejects(read(from), {
        message: `till.yaml: secret \`till\`: ${reason} Nothing was changed.`,
      });
    await assert.rejects(read(undefined), /it needs a value. Set `from: env:NAME`/);
  });
});
