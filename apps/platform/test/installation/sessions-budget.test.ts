/** What a session may use up holds over all of its lives, and it is done by what keeps within that. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { boardService } from "@tutti/contracts/swarm/v1";
import { Worker } from "@tutti/sdk";
import { connect } from "@tutti/sdk/client";
import { until } from "../support/until.ts";
import { Installation } from "./installation.ts";

describe("a session with a budget", () => {
  it("is done by a mission, and taken up again with what is left of it", async () => {
    await using installation = await Installation.open();
    const { address } = installation;
    const worker = new Worker({ address, handleSignals: false });
    let attempts = 0;
    worker.handle("poem.write", (_: unknown, context) => {
      attempts += 1;
      context.use({ tokens: 6 });
      if (attempts === 1) throw new Error("no rhyme");
      return "roses";
    });
    await worker.start();
    const tutti = await connect({ address });
    const board = installation.host.mesh.client(boardService, { service: "swarm" });
    try {
      const tasks = [{ id: "write", uses: "poem.write", attempts: 1, estimate: { tokens: 4 } }] as const;
      const budget = { tokens: 10 };
      const refused = await tutti.execute({ id: "ode", mode: "workflow", budget, tasks }).catch(String);
      assert.match(String(refused), /keeps within a budget, found workflow/);
      const session = await tutti.execute({ id: "poem", budget, tasks });
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
});
