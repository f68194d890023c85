/** More tasks than a cache lets wait for one output. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { CacheMissReason, ListTasksRequest, type Task, taskService } from "@tutti/contracts/workflow/v1";
import { gate, until } from "@tutti/kernel/testing";
import { Installation } from "./installation.ts";

/** The first task computes, and 20,000 wait for it. */
const waitersMax = 20_000;
const more = 3;
const workflow = `workflow: crowd
tasks:
  look: {forEach: "\${{ input.items }}", uses: crowd.look, cache: 1h}
`;

it("beyond 20,000 waiting tasks of a cache, further ones compute the output and show why", async () => {
  await using installation = await Installation.open();
  await using tutti = await installation.client();
  const computing = gate();
  let computed = 0;
  const worker = installation.worker({ slots: 2 * more });
  worker.handle("crowd.look", async () => {
    computed++;
    await computing.pass();
    return "seen";
  });
  await worker.start();
  await tutti.workflows.register(workflow);
  const items = Array.from({ length: 1 + waitersMax + more }, () => 1);
  const run = await tutti.run("crowd", { id: "crowd", input: { items } });
  await until("the first task and the ones beyond the limit", () => computed === 1 + more);
  computing.open();
  await run.result();
  assert.equal(computed, 1 + more, "all others got the output of the first one");
  const tasks: Task[] = [];
  for (let token = ""; ; ) {
    const request = ListTasksRequest.fromPartial({ runId: "crowd", page: { size: 1_000, token } });
    const reply = await installation.host.mesh.client(taskService).listTasks(request);
    tasks.push(...reply.tasks);
    token = reply.page?.nextToken ?? "";
    if (token === "") break;
  }
  const entries = tasks.filter(({ parentTaskId }) => parentTaskId !== "");
  const first = entries.find(
    ({ cacheMiss }) => cacheMiss?.reason === CacheMissReason.CACHE_MISS_REASON_ABSENT,
  );
  const crowded = entries.filter(
    ({ cacheMiss }) => cacheMiss?.reason === CacheMissReason.CACHE_MISS_REASON_CROWDED,
  );
  assert.deepEqual(
    crowded.map(({ cacheMiss, fromCache }) => [cacheMiss?.runId, cacheMiss?.taskId, fromCache]),
    Array.from({ length: more }, () => ["crowd", first?.taskId, false]),
  );
  assert.equal(entries.filter(({ fromCache }) => fromCache).length, waitersMax);
});
