import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Machine } from "../../machine/machine.ts";
import { type Counter, counter } from "./counter.fixture.ts";
import { checkTable, MachineTable } from "./machine-table.ts";

describe("the table of a machine", () => {
  const { machine, add } = counter();
  const [addedV1, added] = machine.events;
  assert.ok(addedV1 !== undefined && added !== undefined);

  for (const [title, change, found] of [
    ["a kind of two words", { kind: "Bank account" }, /expected a kind of one lower-case word/],
    ["no behaviour", { behaviour: 0 }, /expected a behaviour from 1/],
    ["a command twice", { commands: [add, add] }, /expected each command once, got add twice/],
    ["a type in another form", { commands: [{ ...add, type: "addOne" }] }, /lower_snake_case, got "addOne"/],
    ["an event of the runtime's", { events: [{ ...addedV1, type: "runtime.added" }] }, /got "runtime.added"/],
    ["a version that is missing", { events: [added] }, /event added: versions count from 1, each once/],
    ["a version twice", { events: [addedV1, addedV1] }, /event added: versions count from 1, each once/],
  ] as const) {
    it(`with ${title} is refused`, () => {
      const changed: Machine<Counter> = { ...machine, ...change };
      assert.throws(() => checkTable(changed), found);
    });
  }

  it("knows the newest version of each event, and refuses later versions", () => {
    const table = new MachineTable(machine);
    assert.ok(table.isNewest(added) && !table.isNewest(addedV1));
    assert.equal(table.event("added", 1), addedV1);
    assert.throws(
      () => table.event("added", 3),
      /counter: expected added in version 1 to 2, got 3; a newer release may have written it/,
    );
  });
});
