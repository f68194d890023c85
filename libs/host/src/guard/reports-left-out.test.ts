import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type AuditRecord, AuditResult } from "@tutti/contracts/governance/v1";
import { Cause } from "@tutti/contracts/types/v1";
import { testFoundation, VirtualTime } from "@tutti/kernel/testing";
import { accessErrors } from "./errors.ts";
import { Reports } from "./reports.ts";

const everyMs = 2_000;
const leftOut = "access.refusals.left_out";

describe("refusals at the edge", () => {
  function gathered() {
    const time = new VirtualTime();
    const told: AuditRecord[][] = [];
    let isAway = false;
    const reports = new Reports({
      foundation: { ...testFoundation(), clock: time, timers: time },
      taker: {
        decisions: async () => {},
        refusals: async (records) => {
          if (isAway) throw new Error("nobody is there");
          told.push(records.map((record) => ({ ...record })));
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
    const away = (is: boolean) => {
      isAway = is;
    };
    return { time, told, refuse, away };
  }

  const named = (records: readonly AuditRecord[] | undefined) =>
    (records ?? []).filter(({ action }) => action !== leftOut);
  const countLeftOut = (records: readonly AuditRecord[] | undefined) =>
    (records ?? []).filter(({ action }) => action === leftOut).map(({ count }) => count);

  it("are reported in batches, equal ones as one record with a count", async () => {
    const { time, told, refuse } = gathered();
    refuse("eve", 3);
    refuse("bob");
    assert.equal(told.length, 0);
    await time.advanceAsync(everyMs);
    assert.deepEqual(
      told.map((batch) => batch.map(({ cause, count }) => `${cause?.actor?.id} ${count}`)),
      [["eve 3", "bob 1"]],
    );
  });

  it("are bounded in number: a separate record counts those without one, and no record covers another caller's", async () => {
    const { time, told, refuse } = gathered();
    for (let number = 0; number < 1_500; number++) refuse(`guest-${number}`);
    refuse("guest-0");
    await time.advanceAsync(everyMs);
    const [batch] = told;
    assert.equal(named(batch).length, 1_000);
    assert.deepEqual([...new Set(named(batch).map(({ count }) => count))], [2, 1]);
    assert.deepEqual(countLeftOut(batch), [500]);
    const record = batch?.find(({ action }) => action === leftOut);
    assert.deepEqual(
      [record?.namespace, record?.result, record?.error?.code],
      ["system", AuditResult.AUDIT_RESULT_REFUSED, "access.refusals_left_out"],
    );
    refuse("eve");
    await time.advanceAsync(everyMs);
    assert.deepEqual(countLeftOut(told[1]), [], "they are reported once");
  });

  it("are kept while the receiver takes none, the older ones first, and those without room are counted", async () => {
    const { time, told, refuse, away } = gathered();
    away(true);
    for (let number = 0; number < 1_001; number++) refuse(`guest-${number}`);
    await time.advanceAsync(everyMs);
    refuse("guest-5");
    refuse("late", 4);
    await time.advanceAsync(everyMs);
    away(false);
    await time.advanceAsync(everyMs);
    const [batch] = told;
    assert.equal(named(batch).length, 1_000);
    assert.equal(batch?.find(({ cause }) => cause?.actor?.id === "guest-5")?.count, 2);
    assert.deepEqual(countLeftOut(batch), [1 + 4]);
  });
});
