import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type AuditRecord, AuditResult } from "@tutti/contracts/governance/v1";
import { Cause } from "@tutti/contracts/types/v1";
import { testFoundation, VirtualTime } from "@tutti/kernel/testing";
import { accessErrors } from "./errors.ts";
import { Reports } from "./reports.ts";

const everyMs = 2_000;
const droppedAction = "access.refusals.left_out";

describe("refusals at the edge", () => {
  function gathered() {
    const time = new VirtualTime();
    const received: AuditRecord[][] = [];
    let isUnavailable = false;
    const reports = new Reports({
      foundation: { ...testFoundation(), clock: time, timers: time },
      sink: {
        decisions: async () => {},
        refusals: async (records) => {
          if (isUnavailable) throw new Error("nobody is there");
          received.push(records.map((record) => ({ ...record })));
        },
      },
      ...{ instance: "one", newId: () => "id", everyMs, bundle: () => 1 },
    });
    const refuse = (id: string, times = 1) => {
      const actor = Cause.fromPartial({ actor: { kind: 1, id } });
      const refusal = { namespace: "shop", action: "workflow.runs.start", address: "192.0.2.7" };
      for (let time = 0; time < times; time++)
        reports.refused({ error: accessErrors.credentialNeeded(), actor, ...refusal });
    };
    const setUnavailable = (is: boolean) => {
      isUnavailable = is;
    };
    return { time, reported: received, refuse, away: setUnavailable };
  }

  const named = (records: readonly AuditRecord[] | undefined) =>
    (records ?? []).filter(({ action }) => action !== droppedAction);
  const droppedCounts = (records: readonly AuditRecord[] | undefined) =>
    (records ?? []).filter(({ action }) => action === droppedAction).map(({ count }) => count);

  it("are reported in batches, and equal ones share one record with a count", async () => {
    const { time, reported, refuse } = gathered();
    refuse("eve", 3);
    refuse("bob");
    assert.equal(reported.length, 0);
    await time.advanceAsync(everyMs);
    assert.deepEqual(
      reported.map((batch) => batch.map(({ cause, count }) => `${cause?.actor?.id} ${count}`)),
      [["eve 3", "bob 1"]],
    );
  });

  it("are bounded in number: one extra record counts the dropped ones, and no record counts another caller's", async () => {
    const { time, reported, refuse } = gathered();
    for (let number = 0; number < 1_500; number++) refuse(`guest-${number}`);
    refuse("guest-0");
    await time.advanceAsync(everyMs);
    const [batch] = reported;
    assert.equal(named(batch).length, 1_000);
    assert.deepEqual([...new Set(named(batch).map(({ count }) => count))], [2, 1]);
    assert.deepEqual(droppedCounts(batch), [500]);
    const record = batch?.find(({ action }) => action === droppedAction);
    assert.deepEqual(
      [record?.namespace, record?.result, record?.error?.code],
      ["system", AuditResult.AUDIT_RESULT_REFUSED, "access.refusals_left_out"],
    );
    refuse("eve");
    await time.advanceAsync(everyMs);
    assert.deepEqual(droppedCounts(reported[1]), [], "they are reported once");
  });

  it("wait while the receiver is unavailable, the older ones first, and the dropped ones are counted", async () => {
    const { time, reported, refuse, away } = gathered();
    away(true);
    for (let number = 0; number < 1_001; number++) refuse(`guest-${number}`);
    await time.advanceAsync(everyMs);
    refuse("guest-5");
    refuse("late", 4);
    await time.advanceAsync(everyMs);
    away(false);
    await time.advanceAsync(everyMs);
    const [batch] = reported;
    assert.equal(named(batch).length, 1_000);
    assert.equal(batch?.find(({ cause }) => cause?.actor?.id === "guest-5")?.count, 2);
    assert.deepEqual(droppedCounts(batch), [1 + 4]);
  });
});
