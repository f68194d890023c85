import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isRefusal } from "@tutti/kernel";
import { MachineDriver } from "@tutti/kernel/testing";
import { ledgerKey, masterService, reservationOf } from "../../testing/ledger.ts";
import { cancelReservation, contents, ledger, reserve } from "../index.ts";

function newDriver(): MachineDriver {
  return new MachineDriver({ machines: [ledger], service: masterService });
}

/** Reserves an amount of two for a range of seconds. Returns the error code, empty on success. */
function make(driver: MachineDriver, id: string, gpu: number, fromSec: number, toSec: number): string {
  const at = (seconds: number): number => beginMs + 1_000 * seconds;
  const reservation = reservationOf(id, { gpu }, at(fromSec), at(toSec));
  return told(driver.execute(ledgerKey, reserve, { reservation, capacity: { gpu: 2 }, capacityThere: {} }));
}

function told(reply: unknown): string {
  return isRefusal(reply) ? reply.message : "";
}

const { nowMs: beginMs } = newDriver();

describe("a reservation", () => {
  it("is refused if the amount is not free for all of its time, and names the obstacles", () => {
    const driver = newDriver();
    assert.equal(make(driver, "night", 1, 10, 20), "");
    assert.equal(make(driver, "tests", 1, 15, 30), "");
    assert.match(
      make(driver, "third", 1, 18, 40),
      /^Pool `default` cannot reserve 1 gpu: it has 2 in total, of which night holds 1 until .+, tests holds 1 until .+\. Reserve less/,
    );
    assert.equal(make(driver, "third", 1, 20, 40), "", "from when one of them is over");
    assert.match(make(driver, "much", 3, 100, 110), /it has 2 in total\. Reserve less/);
  });

  it("is there once when it is made twice, and another one of its id is refused", () => {
    const driver = newDriver();
    make(driver, "night", 1, 10, 20);
    assert.equal(make(driver, "night", 1, 10, 20), "");
    assert.match(
      make(driver, "night", 2, 10, 20),
      /already exists with another specification\. Choose another id/,
    );
  });

  it("gives back what it held when it is cancelled, and when its time is over", () => {
    const driver = newDriver();
    make(driver, "night", 2, 0, 20);
    make(driver, "tests", 2, 20, 30);
    driver.execute(ledgerKey, cancelReservation, { reservationId: "tests" });
    assert.equal(make(driver, "instead", 2, 20, 30), "");
    driver.advance(20_000);
    const kept = driver.query(ledgerKey, contents, undefined);
    assert.ok(!isRefusal(kept));
    assert.deepEqual(
      kept.reservations.map(({ value }) => value.reservationId),
      ["instead"],
    );
  });

  it("of agents with labels counts against what these have, and against what all of the pool has", () => {
    const driver = newDriver();
    const makeThere = (id: string, gpu: number, labels: Record<string, string>, there = 1) => {
      const agents = { equals: labels, exists: [], absent: [] };
      const reservation = { ...reservationOf(id, { gpu }, beginMs, beginMs + 10_000), agents };
      const body = { reservation, capacity: { gpu: 2 }, capacityThere: { gpu: there } };
      return told(driver.execute(ledgerKey, reserve, body));
    };
    assert.equal(makeThere("night", 1, { zone: "a" }), "");
    assert.equal(makeThere("night", 1, { zone: "a" }), "", "the same again");
    assert.match(
      makeThere("second", 1, { zone: "a" }),
      /^Pool `default` cannot reserve 1 gpu of agents with zone=a: it has 1 in total, of which night holds 1 until/,
    );
    assert.match(makeThere("great", 2, { zone: "b" }), /it has 2 in total, of which night/);
    assert.equal(makeThere("other", 1, { zone: "b" }), "", "other agents have theirs");
    assert.match(make(driver, "all", 1, 0, 10), /of which night holds 1 until .*, other holds 1 until/);
    assert.match(makeThere("none", 1, {}), /expected labels that the agents must have, found none/);
  });

  it("has a span that is not over, and amounts above 0", () => {
    const driver = newDriver();
    assert.match(make(driver, "past", 1, -20, -10), /ends later than now/);
    assert.match(make(driver, "empty", 1, 10, 10), /a beginning and an end/);
    assert.match(make(driver, "nothing", 0, 10, 20), /amounts above 0, found 0 of gpu/);
  });
});
