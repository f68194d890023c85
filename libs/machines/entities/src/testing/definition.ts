/** Random commands to definitions: few versions and labels, so that they interact. */
import type { MachineCall } from "@tutti/kernel/testing";
import fc, { type Arbitrary } from "fast-check";

const key = fc.constantFrom("order", "ship").map((id) => ({ namespace: "default", kind: "definition", id }));
const hash = fc.constantFrom("a", "b", "c");
const label = fc.constantFrom("latest", "stable", "1.0.0");
const searchLabels = fc.dictionary(fc.constantFrom("team", "tier"), fc.constantFrom("x", "y"));
const source = fc.constant({ sha256: new Uint8Array(32), size: 1 });

export function operations(): Arbitrary<MachineCall> {
  return fc.oneof(
    fc.record({
      key,
      command: fc.constant("register"),
      body: fc.record({
        ...{ hash, source, searchLabels, labels: fc.array(label, { maxLength: 3 }) },
        facts: fc.uint8Array({ maxLength: 4 }),
        factsBlob: fc.constant(undefined),
        percent: fc.constantFrom(undefined, 0, 20, 100),
      }),
    }),
    fc.record({
      key,
      command: fc.constant("roll_out"),
      body: fc.record({ hash, searchLabels, percent: fc.constantFrom(0, 20, 50, 100) }),
    }),
    fc.record({
      key,
      command: fc.constant("point_label"),
      body: fc.record({ label, hash: fc.oneof(hash, fc.constant("")), searchLabels }),
    }),
    fc.record({
      key,
      command: fc.constant("archive"),
      body: fc.record({ hash: fc.oneof(hash, fc.constant("")), restore: fc.boolean() }),
    }),
  );
}
