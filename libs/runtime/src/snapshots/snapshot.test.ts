import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ActorKind } from "@tutti/contracts/types/v1";
import { account } from "@tutti/machine-bank";
import fc from "fast-check";
import { HostedMachine } from "../machines/hosted-machine.ts";
import type { Instance } from "../partition/instance.ts";
import { blankInstance } from "../partition/reviving.ts";
import { decodePartition, decodeSnapshot, encodePartition, encodeSnapshot, restore } from "./snapshot.ts";

const key = { namespace: "default", kind: "account", id: "ada" };
const hosted = new HostedMachine(account);

function instance(): Instance {
  return blankInstance(key, "default/account/ada", hosted);
}

function sample(): Instance {
  const sampled = instance();
  const state = sampled.state as ReturnType<typeof account.create>;
  Object.assign(state, { standing: "open", owner: "ada", balanceCents: 5 });
  state.holds.set(3, { amountCents: 1, dueMs: 1_700_000_000_000 });
  Object.assign(sampled, { incarnation: 9, event: 12, lastBatch: 40, lastIndex: 2, startMs: 5, resets: 2 });
  sampled.startedBy = { kind: ActorKind.ACTOR_KIND_PERSON, id: "tester" };
  sampled.keys = new Map([["k", { commandHash: Uint8Array.of(1), reply: Uint8Array.of(2), untilMs: 9_000 }]]);
  return sampled;
}

describe("a snapshot of an instance", () => {
  it("restores the same instance", () => {
    const before = sample();
    const after = instance();
    restore(after, decodeSnapshot(encodeSnapshot(before, 1_000, 1)), hosted, key);
    assert.deepEqual(account.project(after.state as never), account.project(before.state as never));
    for (const field of [
      "incarnation",
      "event",
      "lastBatch",
      "lastIndex",
      "startMs",
      "endMs",
      "resets",
    ] as const) {
      assert.equal(after[field], before[field], field);
    }
    assert.deepEqual(after.startedBy, before.startedBy);
    assert.deepEqual(
      [...(after.keys ?? [])].map(([name, { untilMs }]) => [name, untilMs]),
      [["k", 9_000]],
    );
    assert.equal(after.quarantine, undefined);
    assert.equal(after.isTerminated, false);
  });

  it("is rejected if any bit is flipped, or if it is truncated or extended", () => {
    const bytes = encodeSnapshot(sample(), 1_000, 1);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const damaged = bytes.slice();
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      assert.throws(() => decodeSnapshot(damaged), `bit ${bit}`);
    }
    for (let length = 0; length < bytes.length; length++) {
      assert.throws(() => decodeSnapshot(bytes.subarray(0, length)), `${length} bytes`);
    }
    assert.throws(() => decodeSnapshot(Uint8Array.of(...bytes, 0)));
  });

  it("is read from within a larger buffer", () => {
    const bytes = encodeSnapshot(sample(), 1_000, 1);
    const larger = new Uint8Array(bytes.length + 20);
    larger.set(bytes, 7);
    assert.equal(decodeSnapshot(larger.subarray(7, 7 + bytes.length)).event, 12);
  });
});

const plain = { noNullPrototype: true };

describe("the snapshot of a partition", () => {
  const ends = fc.array(
    fc.record(
      {
        service: fc.string({ maxLength: 10 }),
        partition: fc.integer({ min: 0, max: 20 }),
        number: fc.integer({ min: 0, max: 2 ** 31 }),
      },
      plain,
    ),
    { maxLength: 5 },
  );

  it("decodes to the written values, and damage is found", () => {
    fc.assert(
      fc.property(ends, ends, fc.nat(), fc.nat(), (sent, taken, batch, flipped) => {
        const written = {
          batch,
          event: 1,
          eventBatch: 2,
          eventIndex: 3,
          incarnations: 4,
          live: 3,
          letters: [],
          sent,
          taken,
          quarantined: [{ namespace: "n", kind: "k", id: "i", task: "" }],
          pause: {
            ...{ name: "incident-7", sinceMs: batch, by: undefined, over: false },
            released: [{ namespace: "n", share: 10 }],
          },
          behaviours: [{ kind: "k", behaviour: 2 }],
          epoch: 7,
        };
        const bytes = encodePartition(written);
        const { checksum: _, ...read } = decodePartition(bytes) ?? { checksum: 0 };
        assert.deepEqual(read, written);
        const at = flipped % bytes.length;
        bytes[at] = (bytes[at] ?? 0) ^ (1 << (flipped % 8));
        assert.throws(() => decodePartition(bytes));
      }),
      { seed: 8 },
    );
  });

  it("is undefined for an archive that has none yet", () => {
    assert.equal(decodePartition(new Uint8Array(0)), undefined);
  });
});
