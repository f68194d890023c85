import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { memoryShell } from "../testing/memory-shell.ts";
import { type Outcome, present } from "./presenter.ts";
import { Printer } from "./printer.ts";

describe("the presenter", () => {
  const cases: readonly {
    readonly title: string;
    readonly outcome: Partial<Outcome>;
    readonly isJson?: boolean;
    readonly isQuiet?: boolean;
    readonly prints: string;
  }[] = [
    { title: "draws for people", outcome: { quiet: ["a"] }, prints: "drawn\n" },
    { title: "prints one document as JSON", outcome: {}, isJson: true, prints: '{"id":"a"}\n' },
    {
      title: "prints JSON with --json and --quiet",
      outcome: {},
      isJson: true,
      isQuiet: true,
      prints: '{"id":"a"}\n',
    },
    { title: "prints the quiet lines", outcome: { quiet: ["a", "b"] }, isQuiet: true, prints: "a\nb\n" },
    { title: "prints nothing without quiet lines", outcome: { quiet: [] }, isQuiet: true, prints: "" },
    {
      title: "draws with --quiet if the command has no quiet form",
      outcome: {},
      isQuiet: true,
      prints: "drawn\n",
    },
  ];
  for (const { title, outcome, isJson = false, isQuiet = false, prints } of cases)
    it(title, () => {
      const shell = memoryShell();
      const print = new Printer(shell, { isJson, isQuiet, noColours: true });
      const whole: Outcome = { json: { id: "a" }, draw: () => print.line("drawn"), ...outcome };
      assert.equal(present(whole, print), 0);
      assert.equal(shell.output.text, prints);
      assert.equal(present({ ...whole, exitCode: 3 }, print), 3);
    });

  it("passes on the exit code of an action that printed by itself", () => {
    const shell = memoryShell();
    assert.equal(present(8, new Printer(shell, { isJson: true, isQuiet: false, noColours: true })), 8);
    assert.equal(shell.output.text, "");
  });
});
