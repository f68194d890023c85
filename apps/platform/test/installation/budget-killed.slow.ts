/**
 * The platform is killed with -9 while a run, a mission and a session in parts use up their budgets: none of them begins more attempts than
 * it has set something aside for. An attempt that is given to its worker once more, because that was away for too long, is the same one.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { until } from "@tutti/kernel/testing";
import { Worker } from "@tutti/sdk";
import { connect } from "@tutti/sdk/client";
import { insist, startAt } from "../support/killed.ts";
import { makeFolder } from "../support/services.ts";

const kills = 2;
const [tokens, each, count] = [30, 3, 20];

describe("budgets under kill -9", () => {
  it("are kept to by every mode, counted by what handlers did and not by what the platform says", async () => {
    await using folder = await makeFolder();
    let platform = await startAt(folder.path);
    const { grpc: address } = platform;
    /** The attempts that began, by session. */
    const begun = new Map<string, Set<string>>(["run", "mission", "parts"].map((id) => [id, new Set()]));
    const usedBy = (id: string) => each * (begun.get(id)?.size ?? 0);
    const sum = () => [...begun.keys()].reduce((all, id) => all + usedBy(id), 0);
    const worker = new Worker({ address, agentId: "anna", slots: 6, handleSignals: false });
    worker.handle("line.write", async (session: string, context) => {
      begun.get(session)?.add(`${context.taskId} ${context.attempt}`);
      context.use({ tokens: each });
      await new Promise((resolve) => setTimeout(resolve, 100));
      return session;
    });
    await worker.start();
    const tutti = await connect({ address });
    try {
      const line = (session: string, id: string, needs: string[] = []) =>
        ({ id, needs, uses: "line.write", input: session, attempts: 3, estimate: { tokens: each } }) as const;
      const bag = (session: string) => Array.from({ length: count }, (_, at) => line(session, `t${at}`));
      const chain = ["one", "two", "three", "four"].map((id, at, all) =>
        line("parts", id, all.slice(Math.max(0, at - 1), at)),
      );
      const budget = { tokens };
      await insist(() => tutti.execute({ id: "run", mode: "workflow", budget, tasks: bag("run") }));
      await insist(() => tutti.execute({ id: "mission", mode: "swarm", budget, tasks: bag("mission") }));
      const parts = [...chain, ...bag("parts")];
      await insist(() => tutti.execute({ id: "parts", mode: "hybrid", budget, tasks: parts }));
      for (let kill = 1; kill <= kills; kill++) {
        const wanted = (3 * tokens * kill) / (kills + 2);
        await until(`${wanted} tokens to be used up`, () => sum() >= wanted);
        await platform.kill();
        platform = await startAt(folder.path, address);
      }
      await assert.rejects(
        insist(() => tutti.sessions.get("run").result()),
        ({ cause }) => /budget of run\..* used up/.test(String(cause)),
      );
      for (const id of ["mission", "parts"]) {
        // A mission asks a person for more; whoever is there says no.
        await until(`${id} to have nothing at work`, async () => {
          const { tasks } = await insist(() => tutti.sessions.get(id).get());
          return (tasks?.running ?? 0) + (tasks?.queued ?? 0) === 0;
        });
        // One whose part had nothing left has failed by then.
        await insist(() => tutti.sessions.get(id).cancel("nothing is left")).catch(() => {});
        await insist(() => tutti.sessions.get(id).result()).catch(() => {});
      }
      for (const id of ["run", "mission", "parts"]) {
        const spent = usedBy(id);
        assert.ok(spent > 0 && spent <= tokens, `${id} used up ${spent} of ${tokens}`);
        const { used: said } = await insist(() => tutti.sessions.get(id).get());
        assert.ok((said?.tokens ?? 0) <= tokens, `${id} says that it used up ${said?.tokens} of ${tokens}`);
      }
    } finally {
      await tutti.close();
      await worker.stop();
      await platform[Symbol.asyncDispose]();
    }
  });
});
