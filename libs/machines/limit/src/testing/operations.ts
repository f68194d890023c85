/** Random commands to one limit and to its holders: few holders and little room, so that they interact. */
import { AcquireLimit, type LimitHolder, LimitRule } from "@tutti/contracts/workflow/v1";
import type { MachineCall } from "@tutti/kernel/testing";
import fc from "fast-check";
import { holderKey, limitKey, limitService } from "./holder.ts";

const rule: fc.Arbitrary<LimitRule | undefined> = fc.oneof(
  { weight: 2, arbitrary: fc.constant(undefined) },
  {
    weight: 6,
    arbitrary: fc
      .record({
        maxConcurrent: fc.integer({ min: 0, max: 4 }),
        rate: fc.option(
          fc.record({
            count: fc.integer({ min: 1, max: 3 }),
            perMs: fc.constantFrom(100, 1_000),
            burst: fc.nat(2),
          }),
          { nil: undefined },
        ),
      })
      .map((fields) => LimitRule.create(fields as LimitRule)),
  },
  { weight: 1, arbitrary: fc.constant(LimitRule.create({ maxConcurrent: -1 })) },
);

const ids = fc.constantFrom("one", "two", "three");

export function holderOf(id: string, task = ""): LimitHolder {
  return { service: limitService, kind: "holder", id, task };
}

const holders = fc.tuple(ids, fc.constantFrom("", "b")).map(([id, task]) => holderOf(id, task));

const requests = fc
  .record({
    holder: holders,
    weight: fc.constantFrom(0, 1, 1, 2, 3, 0.5),
    priority: fc.integer({ min: -2, max: 2 }),
    share: fc.constantFrom("", "a", "b"),
    shareWeight: fc.constantFrom(0, 1, 2, -1),
    deadlineMs: fc.oneof(fc.constant(0), fc.integer({ min: 1_767_225_600_000, max: 1_767_225_660_000 })),
    leaseMs: fc.constantFrom(0, 1_000, 5_000),
    rule,
  })
  .map((fields) => AcquireLimit.create(fields as AcquireLimit));

/** Operations for properties. A failing sequence is reduced. */
export function operations(): fc.Arbitrary<MachineCall> {
  const toLimit = (command: string, body: fc.Arbitrary<object>) =>
    body.map((generated) => ({ key: limitKey, command, body: generated }));
  const toHolder = <Body extends { readonly holder: LimitHolder | undefined }>(
    command: string,
    body: fc.Arbitrary<Body>,
  ) => body.map((generated) => ({ key: holderKey(generated.holder?.id ?? ""), command, body: generated }));
  const releases = fc.record({ holder: holders, ticket: fc.constantFrom(0, 0, 0, 1, 5) });
  return fc.oneof(
    {
      weight: 3,
      arbitrary: toLimit(
        "set_limit",
        fc.record({
          rule,
          description: fc.constant(""),
          labels: fc.constantFrom({}, { team: "shop" }),
          revision: fc.nat(1),
        }),
      ),
    },
    { weight: 1, arbitrary: toLimit("remove_limit", fc.constant({})) },
    { weight: 10, arbitrary: toHolder("want", requests) },
    { weight: 3, arbitrary: toLimit("acquire", requests) },
    { weight: 6, arbitrary: toHolder("leave", releases) },
    { weight: 1, arbitrary: toLimit("release", releases) },
    {
      weight: 3,
      arbitrary: toLimit(
        "renew",
        fc.record({
          tickets: fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 20 }),
          leaseMs: fc.constantFrom(0, 2_000, 1),
        }),
      ),
    },
    { weight: 1, arbitrary: toLimit("evict", fc.record({ holder: holders, reason: fc.constant("gone") })) },
  );
}
