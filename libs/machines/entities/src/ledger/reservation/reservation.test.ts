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
function tryReserve(driver: MachineDriver, id: string, gpu: number, fromSec: number, toSec: number): string {
  const at = (seconds: number): number => beginMs + 1_000 * seconds;
  const reservation = reservationOf(id, { gpu }, at(fromSec), at(toSec));
  return outcomeOf(
    driver.execute(ledgerKey, reserve, { reservation, capacity: { gpu: 2 }, capacityThere: {} }),
  );
}

function outcomeOf(reply: unknown): string {
  return isRefusal(reply) ? reply.message : "";
}

const { nowMs: beginMs } = newDriver();

describe("a reservation", () => {
  it("is refused if the amount is not free for all of its time, and names the obstacles", () => {
    const driver = newDriver();
    assert.equal(tryReserve(driver, "night", 1, 10, 20), "");
    assert.equal(tryReserve(driver, "tests", 1, 15, 30), "");
    assert.match(
      tryReserve(driver, "third", 1, 18, 40),
      /^Pool `default` cannot reserve 1 gpu: it has 2 in total, of which night holds 1 until .+, tests holds 1 until .+\. Reserve less/,
    );
    assert.equal(tryReserve(driver, "third", 1, 20, 40), "", "from when one of them is over");
    assert.match(tryReserve(driver, "much", 3, 100, 110), /it has 2 in total\. Reserve less/);
  });

  it("is created once for a repeated request, and another specification with its id is rejected", () => {
    const driver = newDriver();
    tryReserve(driver, "night", 1, 10, 20);
    assert.equal(tryReserve(driver, "night", 1, 10, 20), "");
    assert.match(
      tryReserve(driver, "night", 2, 10, 20),
      /already exists with another specification\. Choose another id/,
    );
  });

  it("releases its amount when it is cancelled and when it expires", () => {
    const driver = newDriver();
    tryReserve(driver, "night", 2, 0, 20);
    tryReserve(driver, "tests", 2, 20, 30);
    driver.execute(ledgerKey, cancelReservation, { reservationId: "tests" });
    assert.equal(tryReserve(driver, "instead", 2, 20, 30), "");
    driver.advance(20_000);
    const stored = driver.query(ledgerKey, contents, undefined);
    assert.ok(!isRefusal(stored));
    assert.deepEqual(
      stored.reservations.map(({ value }) => value.reservationId),
      ["instead"],
    );
  });

  it("of agents with labels counts against those agents and against the whole pool", () => {
    const driver = newDriver();
    const tryReserveThere = (id: string, gpu: number, labels: Record<string, string>, there = 1) => {
      const agents = { equals: labels, exists: [], absent: [] };
      const reservation = { ...reservationOf(id, { gpu }, beginMs, beginMs + 10_000), agents };
      const body = { reservation, capacity: { gpu: 2 }, capacityThere: { gpu: there } };
      return outcomeOf(driver.execute(ledgerKey, reserve, body));
    };
    assert.equal(tryReserveThere("night", 1, { zone: "a" }), "");
    assert.equal(tryReserveThere("night", 1, { zone: "a" }), "", "the same again");
    assert.match(
      tryReserveThere("second", 1, { zone: "a" }),
      /^Pool `default` cannot reserve 1 gpu of agents with zone=a: it has 1 in total, of which night holds 1 until/,
    );
    assert.match(tryReserveThere("great", 2, { zone: "b" }), /it has 2 in total, of which night/);
    assert.equal(tryReserveThere("other", 1, { zone: "b" }), "", "other agents have theirs");
    assert.match(tryReserve(driver, "all", 1, 0, 10), /of which night holds 1 until .*, other holds 1 until/);
    assert.match(tryReserveThere("none", 1, {}), /expected labels of agents, got none/);
  });

  it("needs a duration that ends in the future, and amounts above 0", () => {
    const driver = newDriver();
    assert.match(tryReserve(driver, "past", 1, -20, -10), /ends in the future/);
    assert.match(tryReserve(driver, "empty", 1, 10, 10), /a start and an end/);
    assert.match(tryReserve(driver, "nothing", 0, 10, 20), /amounts above 0, got 0 of gpu/);
  });
});
