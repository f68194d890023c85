import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isRefusal } from "@tutti/kernel";
import { MachineDriver } from "@tutti/kernel/testing";
import { anchorKey, anchorService, checkpointOf } from "../testing/anchor.ts";
import { anchor, anchorCheckpoint, anchored, giveUpBook } from "./index.ts";

function numberIn(driver: MachineDriver): number {
  const last = driver.query(anchorKey, anchored, undefined);
  assert.ok(!isRefusal(last));
  return last.number;
}

describe("the anchor of the audit", () => {
  it("accepts later and repeated checkpoints, and rejects earlier and different ones", () => {
    const driver = new MachineDriver({ machines: [anchor], service: anchorService });
    const anchorNumber = (number: number, book = 0) =>
      isRefusal(driver.execute(anchorKey, anchorCheckpoint, checkpointOf(number, book)));
    assert.deepEqual(
      [anchorNumber(3), anchorNumber(3), anchorNumber(2), anchorNumber(3, 1), anchorNumber(7)],
      [false, false, true, true, false],
    );
    assert.equal(numberIn(driver), 7);
    const written = driver.history(anchorKey).map(({ type }) => type);
    assert.deepEqual(written, ["checkpoint_anchored", "checkpoint_anchored"]);
  });

  it("is reset only by the number of the last checkpoint, and then accepts a new book", () => {
    const driver = new MachineDriver({ machines: [anchor], service: anchorService });
    driver.execute(anchorKey, anchorCheckpoint, checkpointOf(7));
    assert.ok(isRefusal(driver.execute(anchorKey, giveUpBook, checkpointOf(6))));
    assert.ok(!isRefusal(driver.execute(anchorKey, giveUpBook, checkpointOf(7))));
    assert.equal(numberIn(driver), 0);
    driver.execute(anchorKey, anchorCheckpoint, checkpointOf(1));
    assert.equal(numberIn(driver), 1);
  });
});
