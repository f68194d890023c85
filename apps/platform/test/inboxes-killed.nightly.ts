/** A task for people while the platform is killed between its claim and its answer. */
import assert from "node:assert/strict";
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { until } from "@tutti/kernel/testing";
import { start } from "./support/services.ts";

interface Reply {
  readonly approvals?: readonly { readonly approvalId: string; readonly about?: { readonly id?: string } }[];
  readonly inboxes?: readonly { readonly openTasks?: number }[];
  readonly outcome?: { readonly completed?: unknown };
}

it("killed between the claim and the answer, the task is in the inbox once, and gets the answer", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "tutti-inboxes-"));
  const launch = () => start("platform", [], { directory: folder.path });
  let platform = await launch();
  const call = async (path: string, method = "GET", body?: object): Promise<Reply> => {
    const response = await fetch(`${platform.http}${path}`, {
      ...{ method, headers: { "content-type": "application/json" } },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const reply = (await response.json()) as Reply;
    assert.ok(response.ok, JSON.stringify(reply));
    return reply;
  };
  const questions = async (count: number) =>
    until(
      "the tasks in the inbox",
      async () => (await call("/v1/approvals")).approvals ?? [],
      (some) => some.length === count,
    );
  try {
    const capabilities = [{ name: "pay.review", version: "1.0.0", outputSchema: '{"type": "object"}' }];
    await call("/v1/inboxes/finance", "PUT", { inboxId: "finance", capabilities });
    const text =
      "workflow: refund\ntasks: {review: {uses: pay.review}}\noutput: '${{ tasks.review.output }}'";
    await call("/v1/workflows", "POST", { text });
    await call("/v1/runs", "POST", { runId: "one", definition: { name: "refund" } });
    await call("/v1/runs", "POST", { runId: "two", definition: { name: "refund" } });
    const before = await questions(2);
    await platform.kill();
    platform = await launch();
    await until("both are claimed again", async () => {
      const { inboxes = [] } = await call("/v1/inboxes");
      return inboxes[0]?.openTasks === 2;
    });
    const after = await questions(2);
    const idsOf = (some: typeof before) => some.map(({ about }) => about?.id).sort();
    assert.deepEqual(idsOf(after), idsOf(before));
    for (const { about, approvalId } of after) {
      const body = { runId: about?.id, verdict: "approved", data: { by: about?.id } };
      await call(`/v1/approvals/${encodeURIComponent(approvalId)}`, "POST", body);
    }
    for (const runId of ["one", "two"]) {
      const { outcome } = await call(`/v1/runs/${runId}/result?waitMs=30000`);
      assert.match(JSON.stringify(outcome?.completed), new RegExp(`"by":"${runId}-review-`));
    }
    assert.equal((await questions(0)).length, 0);
  } finally {
    await platform[Symbol.asyncDispose]();
  }
});
