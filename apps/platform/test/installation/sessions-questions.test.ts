/** Sessions and lists count the questions to users in the parts of a session. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ListSessionsRequest, sessionService } from "@tutti/contracts/session/v1";
import { ListMissionApprovalsRequest, missionService } from "@tutti/contracts/swarm/v1";
import { until } from "@tutti/kernel/testing";
import { Installation } from "./installation.ts";

describe("a session that asks a person", () => {
  it("reports its number of open questions, also in lists, until it ends", async () => {
    await using installation = await Installation.open();
    const worker = installation.worker({});
    worker.handle("poem.write", () => "roses");
    await worker.start();
    const tutti = await installation.client();
    const client = installation.host.mesh.client(sessionService, { service: "master" });
    try {
      const session = await tutti.run({
        ...{ id: "poem", mode: "swarm", budget: { tokens: 10 } },
        tasks: [{ id: "write", uses: "poem.write", estimate: { tokens: 20 } }],
      });
      await until("it asks", async () => (await session.get()).openApprovals === 1);
      const open = async () => {
        const request = ListSessionsRequest.fromPartial({ filter: { needsPerson: true } });
        const listed = await client.listSessions(request);
        return listed.sessions.map(({ sessionId, openApprovals }) => [sessionId, openApprovals]);
      };
      assert.deepEqual(await until("lists know of it", open, ({ length }) => length > 0), [["poem", 1]]);
      const ofSession = { filter: { workId: "poem", withChildren: true } };
      const { approvals } = await installation.host.mesh
        .client(missionService)
        .listMissionApprovals(ListMissionApprovalsRequest.fromPartial(ofSession));
      const [part] = (await session.get()).parts;
      assert.deepEqual(
        approvals.map(({ about }) => about?.id),
        [part?.work?.id],
        "the session has the question of its mission",
      );
      await session.cancel("no money");
      await until("it has ended", async () => (await session.get()).endTime !== undefined);
      assert.equal((await session.get()).openApprovals, 0);
      await until("lists know of that", open, ({ length }) => length === 0);
    } finally {
      await tutti.close();
      await worker.stop();
    }
  });
});
