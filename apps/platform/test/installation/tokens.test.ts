import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { agentPollService, ClaimTasksRequest, CompleteTasksRequest } from "@tutti/contracts/agent/v1";
import { ListTasksRequest, taskService } from "@tutti/contracts/workflow/v1";
import { Installation } from "./installation.ts";

const offering = { capabilities: [{ name: "token.work", version: "1.0.0" }], slots: 4 };

describe("tokens of attempts", () => {
  it("cannot be guessed from each other, and stay valid after a restart", async () => {
    await using installation = await Installation.open();
    const polls = () => installation.host.mesh.client(agentPollService, { service: "swarm" });
    const complete = async (...tokens: readonly string[]) => {
      const outcome = {
        $case: "output" as const,
        value: { body: { $case: "inline" as const, value: Buffer.from("1") } },
      };
      const { receipts } = await polls().completeTasks(
        CompleteTasksRequest.fromPartial({
          agentId: "script",
          completions: tokens.map((token) => ({ token, outcome })),
        }),
      );
      return receipts.map(({ accepted, refusal }) => (accepted ? "accepted" : refusal?.code));
    };
    const tutti = await installation.client();
    await tutti.workflows.register(
      "workflow: claimed\ntasks: {a: {uses: token.work}, b: {uses: token.work}}\n",
    );
    await tutti.run("claimed", { id: "run" });
    await tutti.close();
    const claimed = new Set<string>();
    while (claimed.size < 2) {
      const { tasks } = await polls().claimTasks(
        ClaimTasksRequest.fromPartial({ agentId: "script", offering, waitMs: 10_000, count: 2 }),
      );
      for (const { token } of tasks) claimed.add(token);
    }
    const [first = "", other = ""] = claimed;
    // Two tokens from a counter would share nearly all digits.
    const same = [...first].filter((digit, place) => digit === other[place]).length;
    assert.ok(same < 16, `${first} and ${other}`);
    const next = (BigInt(`0x${first}`) + 1n).toString(16).padStart(32, "0");
    assert.deepEqual(await complete(next), ["swarm.attempt_unknown"]);

    await installation.restart();
    assert.deepEqual(await complete(...claimed), ["accepted", "accepted"]);
    const secondClient = await installation.client();
    await secondClient.runs.get("run").result();
    await secondClient.close();
    const { tasks } = await installation.host.mesh
      .client(taskService)
      .listTasks(ListTasksRequest.fromPartial({ runId: "run" }));
    assert.deepEqual(
      tasks.map(({ attemptCount }) => attemptCount),
      [1, 1],
    );
  });
});
