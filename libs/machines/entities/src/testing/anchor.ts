/** Random checkpoints of an audit. */
import { Checkpoint } from "@tutti/contracts/governance/v1";
import { type InstanceKey, toTimestamp } from "@tutti/kernel";
import type { MachineCall } from "@tutti/kernel/testing";
import fc, { type Arbitrary } from "fast-check";

export const anchorService = "governance";
export const anchorKey: InstanceKey = { namespace: "system", kind: "anchor", id: "book" };
const startMs = 1_767_225_600_000;

/** Returns a checkpoint. Two with the same number and different books differ. */
export function checkpointOf(number: number, book = 0): Checkpoint {
  return Checkpoint.fromPartial({
    ...{ number, createTime: toTimestamp(startMs + number), treeSize: 2 * number, signingKeyId: "key_1" },
    ...{ rootHash: new Uint8Array(32).fill(number + book), signature: new Uint8Array(64).fill(number) },
  });
}

export function operations(): Arbitrary<MachineCall> {
  const number = fc.integer({ min: 0, max: 12 });
  const anchoring = fc.record({ number, book: fc.constantFrom(0, 0, 0, 1) });
  return fc.oneof(
    {
      weight: 5,
      arbitrary: anchoring.map(({ number, book }) => callOf("anchor_checkpoint", checkpointOf(number, book))),
    },
    { weight: 1, arbitrary: number.map((given) => callOf("give_up_book", checkpointOf(given))) },
  );
}

function callOf(command: string, body: Checkpoint): MachineCall {
  return { key: anchorKey, command, body };
}
