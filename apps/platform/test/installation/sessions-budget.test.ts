/** The budget of a session applies across all its retries, and work beyond the budget does not start. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { boardService } from "@tutti/contracts/swarm/v1";
import { runService } from "@tutti/contracts/workflow/v1";
import { TuttiError } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import { Installation } from "./installation.ts";

describe("a session with a budget", () => {
  it("is spent by a mission, and a retry gets the remaining budget", async () => {
    await using installation = await Installation.open();
    const worker = installation.worker({});
    let attempts = 0;
    worker.handle("poem.write", (_: unknown, context) => {
      attempts += 1;
      context.use({ tokens: 6 });
      if (attempts === 1) throw new Error("no rhyme");
      return "roses";
    });
    await worker.start();
    const tutti = await installation.client();
    const board = installation.host.mesh.client(boardService, { service: "swarm" });
    try {
      const tasks = [{ id: "write", uses: "poem.write", attempts: 1, estimate: { tokens: 4 } }] as const;
      const budget = { tokens: 10 };
      const session = await tutti.run({ id: "poem", mode: "swarm", budget, tasks });
      await assert.rejects(session.result());
      const limitOf = async (part: number) => {
        const missionId = (await session.get()).parts[part]?.work?.id ?? "";
        const reply = await board.getBudget({ namespace: "", missionId }, {});
        return reply.budget?.limit?.tokens;
      };
      assert.equal(await limitOf(0), 10);
      await session.retry("try again");
      await until("it begins again", async () => (await session.get()).parts.length === 2);
      await session.result();
      assert.equal(await limitOf(1), 4);
      assert.equal(attempts, 2);
    } finally {
      await tutti.close();
      await worker.stop();
    }
  });

  it("stays within it as a run, and divides it among several parts", async () => {
    await using installation = await Installation.open();
    const worker = installation.worker({});
    worker.handle("line.write", (_: unknown, context) => {
      context.use({ tokens: 3 });
      return "roses";
    });
    await worker.start();
    const tutti = await installation.client();
    const runs = installation.host.mesh.client(runService, { service: "workflow" });
    const board = installation.host.mesh.client(boardService, { service: "swarm" });
    const line = (id: string, needs: string[] = []) =>
      ({ id, needs, uses: "line.write", attempts: 1, estimate: { tokens: 3 } }) as const;
    try {
      const three = [line("one"), line("two", ["one"]), line("three", ["two"])];
      const short = await tutti.run({
        id: "short",
        mode: "workflow",
        budget: { tokens: 7 },
        tasks: three,
      });
      const error = await short.result().catch((problem: unknown) => problem);
      assert.ok(error instanceof TuttiError);
      assert.match(
        String(error.cause),
        /budget of run `short\.\..*` is too small for task `three`: 6 tokens used up/,
      );
      const bag = ["a", "b", "c", "d"].map((id) => line(id));
      const tasks = [...three, ...bag];
      const limited = await tutti.run({ id: "whole", mode: "hybrid", budget: { tokens: 21 }, tasks });
      await limited.result();
      const { parts } = await limited.get();
      const budgets = await Promise.all(
        parts.map(async ({ work }) => {
          const id = work?.id ?? "";
          if (work?.kind !== "run")
            return (await board.getBudget({ namespace: "", missionId: id }, {})).budget?.limit?.tokens;
          return (await runs.getRun({ namespace: "", runId: id, atEvent: 0 }, {})).run?.spec?.budget?.tokens;
        }),
      );
      assert.equal(
        budgets.reduce<number>((sum, tokens) => sum + (tokens ?? Number.NaN), 0),
        21,
        `parts have ${budgets.join(", ")}`,
      );
    } finally {
      await tutti.close();
      await worker.stop();
    }
  });
});
