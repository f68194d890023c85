import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  ApplyBulkRequest,
  BulkMove,
  bulkService,
  PreviewBulkRequest,
  RunFilter,
  RunProperty,
  runService,
} from "@tutti/contracts/workflow/v1";
import { until } from "@tutti/kernel/testing";
import type { Worker } from "@tutti/sdk";
import type { Tutti } from "@tutti/sdk/client";
import { Installation } from "./installation.ts";

const child = `workflow: parcel
tasks:
  sent: {wait: {signal: sent}}
  label: {needs: [sent], uses: ship.label, with: old}
`;
const parent = `workflow: order
tasks:
  pick: {uses: stock.pick, with: "\${{ input }}"}
  parcel: {needs: [pick], workflow: parcel}
  bill: {needs: [parcel], uses: pay.bill, with: 1}
output: "\${{ tasks.bill.output }}"
`;
const fixedChild = child.replace("with: old", "with: new");
const fixedParent = parent
  .replace("with: 1", "with: 2")
  .replace("tasks:", "tasks:\n  check: {uses: risk.check}");
const count = 150;

describe("moving many runs to another version", () => {
  let installation: Installation;
  let tutti: Tutti;
  let worker: Worker;
  const bills: unknown[] = [];
  const labels: unknown[] = [];
  const bulk = () => installation.host.mesh.client(bulkService);
  const orders = RunFilter.fromPartial({ definitions: ["order"] });
  const preview = (move: Parameters<typeof BulkMove.fromPartial>[0], filter = orders) =>
    bulk().previewBulk(
      PreviewBulkRequest.fromPartial({
        filter,
        action: { action: { $case: "move", value: BulkMove.fromPartial(move) } },
      }),
    );
  const groupsOf = ({ groups }: Awaited<ReturnType<typeof preview>>) =>
    Object.fromEntries(groups.map(({ value, count: found }) => [value, found]));

  before(async () => {
    installation = await Installation.open();
    worker = installation.worker({});
    worker.handle("stock.pick", async (n) => n);
    worker.handle("risk.check", async () => "ok");
    worker.handle("ship.label", async (input) => labels.push(input));
    worker.handle("pay.bill", async (input) => bills.push(input));
    await worker.start();
    tutti = await installation.client();
    await tutti.workflows.register(child);
    await tutti.workflows.register(parent);
    for (let n = 0; n < count; n++) await tutti.run("order", { id: `order-${n}`, input: n });
    const counted = async () =>
      (
        await installation.host.mesh
          .client(runService)
          .countRuns({ namespace: "", filter: undefined, by: RunProperty.RUN_PROPERTY_DEFINITION, label: "" })
      ).counts;
    await until("all children to be listed", counted, (counts) =>
      counts.some(({ value, count: found }) => value === "parcel" && found === count),
    );
    await tutti.workflows.register(fixedChild);
    await tutti.workflows.register(fixedParent);
  });
  after(async () => {
    await tutti?.close();
    await worker?.stop();
    await installation?.[Symbol.asyncDispose]();
  });

  it("groups them by fit, moves them at a rate, resumes from a cursor, and moves their children too", async () => {
    const planned = await preview({ children: true });
    assert.deepEqual(groupsOf(planned), { safe: 2 * count });
    assert.equal(planned.count, 2 * count);
    const { previewToken } = planned;
    const request = { previewToken, reason: "fixed", perSecond: 50 };
    let cursor = "";
    for await (const reply of bulk().applyBulk(ApplyBulkRequest.fromPartial(request))) {
      assert.deepEqual([reply.done, reply.remaining], [50, 2 * count - 50]);
      ({ cursor } = reply);
      break;
    }
    let done = 0;
    const rest = ApplyBulkRequest.fromPartial({ previewToken, reason: "fixed", cursor });
    for await (const reply of bulk().applyBulk(rest)) {
      assert.deepEqual(reply.refusals, []);
      ({ done } = reply);
    }
    assert.equal(done, 2 * count);
    const again = await preview({});
    assert.deepEqual(groupsOf(again), { identical: count }, "they are on the version");
    assert.deepEqual([again.count, again.leftAlone, again.reviews.length], [0, count, 20]);
    assert.match(again.reviews[0]?.review?.problems[0]?.message ?? "", /on this version already/);
  });

  it("explains each run that does not fit", async () => {
    const renamed = fixedParent.replace("pick: {uses: stock.pick", "take: {uses: stock.take");
    await tutti.workflows.register(renamed.replace("needs: [pick]", "needs: [take]"));
    const planned = await preview({});
    assert.deepEqual(groupsOf(planned), { "needs mapping": count });
    assert.deepEqual([planned.count, planned.leftAlone, planned.reviews.length], [0, count, 20]);
    assert.match(planned.reviews[0]?.review?.problems[0]?.message ?? "", /not in the version/);
    assert.deepEqual(groupsOf(await preview({ map: { pick: "take" } })), { safe: count });
  });

  it("every run ends on the version, none is lost and none does anything twice", async () => {
    const parcels = RunFilter.fromPartial({ definitions: ["parcel"] });
    const planned = await bulk().previewBulk(
      PreviewBulkRequest.fromPartial({
        filter: parcels,
        action: { action: { $case: "signal", value: { signal: "sent" } } },
      }),
    );
    const request = ApplyBulkRequest.fromPartial({ previewToken: planned.previewToken, reason: "out" });
    for await (const { refusals } of bulk().applyBulk(request)) assert.deepEqual(refusals, []);
    await until("all to be billed", async () => bills.length === count);
    assert.deepEqual(
      [new Set(bills), new Set(labels), labels.length],
      [new Set([2]), new Set(["new"]), count],
    );
  });
});
