import assert from "node:assert/strict";
import { test } from "node:test";
import { KeyedSlots } from "./keyed-slots.ts";

test("a key with all slots in use gets none, another key does, and a slot is free after a failure", async () => {
  const slots = new KeyedSlots(2);
  const { promise, reject } = Promise.withResolvers<string>();
  const first = slots.run("a", () => promise);
  const second = slots.run("a", () => Promise.resolve("second"));
  assert.equal(
    slots.run("a", () => Promise.resolve("third")),
    undefined,
  );
  assert.equal(await slots.run("b", () => Promise.resolve("other")), "other");
  assert.equal(await second, "second");
  assert.equal(await slots.run("a", () => Promise.resolve("third")), "third");
  reject(new Error("planned"));
  await assert.rejects(first ?? Promise.resolve(), /planned/);
  const later = [slots.run("a", () => Promise.resolve("x")), slots.run("a", () => Promise.resolve("y"))];
  assert.deepEqual(await Promise.all(later), ["x", "y"]);
});
