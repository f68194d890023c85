import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { journalErrors } from "./errors.ts";
import { Ledger, tableOf } from "./ledger.ts";

const append = { epoch: 1, number: 2, timeMs: 5, behaviour: 0, records: new Uint8Array(), count: 0 };

describe("Ledger", () => {
  const sealed = () => {
    const ledger = new Ledger({ service: "workflow", partition: 3 }, 0);
    ledger.submitted(1, 5);
    return ledger;
  };

  it("judges by submitted batches, durable or not", () => {
    const ledger = sealed();
    assert.equal(ledger.judge(append), undefined);
    ledger.submitted(1, 5);
    assert.equal(ledger.judge(append)?.kind, "misplaced");
    ledger.submitted(2, 5);
    assert.equal(ledger.judge({ ...append, number: 4 })?.kind, "fenced");
    assert.equal(ledger.last.number, 0);
  });

  it("falls back to durable batches", () => {
    const ledger = sealed();
    ledger.durable(1, 1, 5);
    ledger.submitted(1, 6);
    ledger.submitted(2, 6);
    ledger.rollBack();
    assert.equal(ledger.judge(append), undefined);
    assert.equal(ledger.judgeSeal({ epoch: 2, timeMs: 0, behaviour: 0 }), undefined);
  });

  it("raises the time of a seal to the time of batches in progress", () => {
    const { timeMs, number, seal } = sealed().sealing({ epoch: 2, timeMs: 1, behaviour: 7 });
    assert.deepEqual([timeMs, number, seal], [5, 2, true]);
  });
});

describe("tableOf", () => {
  const table = tableOf([], [{ service: "workflow", partitions: 2 }]);

  it("keeps existing services in place and appends new ones", () => {
    const requests = [
      { service: "swarm", partitions: 1 },
      { service: "workflow", partitions: 2 },
    ];
    assert.deepEqual(
      tableOf(table, requests).map(({ service, partition }) => `${service}/${partition}`),
      ["workflow/0", "workflow/1", "swarm/0"],
    );
  });

  it("keeps a service that is not requested", () => {
    assert.deepEqual(tableOf(table, []), table);
  });

  it("refuses another number of partitions", () => {
    assert.throws(
      () => tableOf(table, [{ service: "workflow", partitions: 3 }]),
      (error) => journalErrors.partitionsDiffer.is(error),
    );
  });
});
