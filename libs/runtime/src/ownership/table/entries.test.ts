import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { ownershipErrors } from "../errors.ts";
import {
  behaviourKey,
  decodeBehaviour,
  decodeHolder,
  decodeInstallation,
  decodePartition,
  encodeBehaviour,
  encodeHolder,
  encodeInstallation,
  encodePartition,
  entryKeyOf,
  holderKey,
  partitionKey,
} from "./entries.ts";

describe("entries of the ownership store", () => {
  it("read as they were written", () => {
    const holder = {
      address: "10.0.0.1:7401",
      leaving: true,
      loads: new Map([
        ["workflow", new Map([[3, 0.25]])],
        ["swarm", new Map()],
      ]),
      prepared: new Set<string>(),
      behaviours: new Map(),
    };
    assert.deepEqual(decodeHolder("process.a", encodeHolder(holder)), holder);
    const ready = { ...holder, prepared: new Set(["partition.workflow.3"]) };
    assert.deepEqual(decodeHolder("process.a", encodeHolder(ready)), ready);
    const newer = { ...holder, behaviours: new Map([["workflow", new Map([["run", 2]])]]) };
    assert.deepEqual(decodeHolder("process.a", encodeHolder(newer)), newer);
    const levels = new Map([["run", 3]]);
    assert.deepEqual(decodeBehaviour("behaviour.workflow", encodeBehaviour(levels)), levels);
    const partition = { owner: "proc_a-1", address: "a:1", epoch: 7, to: "proc_b-1", movedLoad: 0.5 };
    assert.deepEqual(decodePartition("partition.workflow.3", encodePartition(partition)), partition);
    assert.deepEqual(decodeInstallation("installation", encodeInstallation({ partitions: 8 })), {
      partitions: 8,
    });
  });

  it("have keys that identify their kind and subject", () => {
    assert.deepEqual(entryKeyOf(holderKey("proc_a-1")), { kind: "process", holder: "proc_a-1" });
    const key = partitionKey("workflow", 12);
    assert.deepEqual(entryKeyOf(key), { kind: "partition", service: "workflow", partition: 12 });
    assert.deepEqual(entryKeyOf(behaviourKey("workflow")), { kind: "behaviour", service: "workflow" });
    assert.deepEqual(entryKeyOf("installation"), { kind: "installation" });
    for (const other of [
      "",
      "process",
      "process.",
      "partition.workflow",
      "partition.workflow.x",
      "behaviour.",
      "later.1",
    ]) {
      assert.equal(entryKeyOf(other), undefined, other);
    }
  });

  it("of other writers are refused with the name of their key, in any form", () => {
    const texts = fc.oneof(fc.json(), fc.string());
    fc.assert(
      fc.property(texts, (text) => {
        const bytes = new TextEncoder().encode(text);
        for (const decode of [decodeHolder, decodePartition, decodeInstallation, decodeBehaviour]) {
          try {
            decode("partition.x.1", bytes);
          } catch (error) {
            assert.ok(ownershipErrors.unreadable.is(error), String(error));
            assert.match(error.message, /partition\.x\.1/);
          }
        }
      }),
    );
  });
});
