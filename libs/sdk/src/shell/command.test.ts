import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { requireStarted } from "./command.ts";

describe("a program that did not start", () => {
  const ended = (program: string, code: number, text: string) => () =>
    requireStarted(program, {
      code,
      signal: undefined,
      stdout: { text: "", isTruncated: false },
      stderr: { text, isTruncated: false },
    });

  it("is named", () => {
    for (const [program, code, text] of [
      ["nope", 127, "sh: 5: nope: not found\n"],
      ["nope", 127, "sh: line 5: nope: command not found\n"],
      ["/opt/nope", 127, "sh: line 5: /opt/nope: No such file or directory\n"],
      ["./a.txt", 126, "sh: 5: ./a.txt: Permission denied\n"],
    ] as const)
      assert.throws(ended(program, code, text), /did not start/);
  });

  it("is not the program that could not start another one", () => {
    for (const [code, text] of [
      [127, "/bin/sh: 1: bin/backup.sh: not found\n"],
      [126, "/bin/sh: 1: ./a.txt: Permission denied\n"],
      [127, "/bin/sh: line 1: gone: command not found\n"],
    ] as const)
      assert.doesNotThrow(ended("/bin/sh", code, text));
  });
});
