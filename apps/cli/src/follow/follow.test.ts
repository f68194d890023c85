import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Run } from "@tutti/rest/types";
import type { Context } from "../command/declaration.ts";
import { exitCodes } from "../command/exit-codes.ts";
import { Presenter } from "../command/presenter.ts";
import type { Server } from "../server/calls.ts";
import { memoryShell } from "../testing/memory-shell.ts";
import { followRun } from "./follow.ts";

describe("a run that continues as a new run", () => {
  const runs: Readonly<Record<string, Partial<Run>>> = {
    loop: { status: "continued", outcome: { continued: { kind: "run", id: "loop...2" } } },
    "loop...2": { status: "completed", outcome: { completed: 7 } },
  };
  const runOf = (id: string) => ({ runId: id, ...runs[id] }) as Run;
  const server = {
    namespace: {},
    call: async (_: string, { params }: { params: { id: string } }) => runOf(params.id),
    async *follow(_: string, { params }: { params: { id: string } }) {
      yield { kind: "snapshot", isFirst: true, value: { run: runOf(params.id), tasks: [] } };
    },
  } as unknown as Server;

  it("is followed to the end of the last run, and returns its outcome", async () => {
    const shell = memoryShell();
    const presenter = new Presenter(shell, { reader: "people" });
    const values = { durationMs: () => undefined, flag: () => false };
    const context = { shell, print: presenter.print, values } as unknown as Context;
    const result = await followRun(context, { server, id: "loop" });
    assert.ok(typeof result === "object" && "json" in result);
    assert.deepEqual([result.exitCode, (result.json as Run).runId], [exitCodes.completed, "loop...2"]);
    assert.match(shell.errors.text, /→ loop continued as new: loop\.\.\.2/);
  });
});
