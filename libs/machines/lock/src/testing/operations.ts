/**
 * Random commands to one lock and to the deadlock machine: few holders and few permits, so that they
 * interact.
 */
import {
  AcquirePermits,
  type CircleEdge,
  EndLockWork,
  LeaveLine,
  ReleasePermits,
  RenewPermits,
  ResolveDeadlock,
} from "@tutti/contracts/session/v1";
import type { WorkReference } from "@tutti/contracts/types/v1";
import type { MachineCall } from "@tutti/kernel/testing";
import fc from "fast-check";

/** Name of the service that hosts locks. */
export const masterService = "master";
export const lockKey = { namespace: "default", kind: "lock", id: "printer" };
export const deadlocksKey = { namespace: "default", kind: "deadlocks", id: "default" };

export function workOf(id: string, task = ""): WorkReference {
  return { namespace: "default", kind: "session", id, task };
}

const holders = fc.constantFrom("a", "b", "c", "d");
const works = fc.option(
  fc.tuple(fc.constantFrom("one", "two"), fc.constantFrom("", "t")).map(([id, task]) => workOf(id, task)),
  { nil: undefined },
);
const requests = fc
  .record({
    holder: fc.oneof({ weight: 20, arbitrary: holders }, { weight: 1, arbitrary: fc.constant("") }),
    work: works,
    permits: fc.constantFrom(0, 1, 1, 2, 3, 1_000_001),
    shared: fc.boolean(),
    leaseMs: fc.constantFrom(0, 1_000, 5_000, -1),
    waitMs: fc.constantFrom(0, 2_000, 9_000, 60_001),
    priority: fc.integer({ min: -2, max: 2 }),
  })
  .map((fields) => AcquirePermits.create(fields as AcquirePermits));
/**
 * Numbers follow the clock of the driver, so few random ones are valid: most commands use current numbers.
 */
const numbers = fc.constantFrom(0, 0, 1);

/** Operations for properties. A failing sequence is reduced. `numberOf` returns numbers of earlier requests. */
export function operations(): fc.Arbitrary<MachineCall> {
  const toLock = (command: string, body: fc.Arbitrary<object>) =>
    body.map((generated) => ({ key: lockKey, command, body: generated }));
  return fc.oneof(
    { weight: 14, arbitrary: toLock("acquire", requests) },
    {
      weight: 6,
      arbitrary: toLock(
        "release",
        fc.record({ holder: holders, token: numbers }).map((body) => ReleasePermits.create(body)),
      ),
    },
    {
      weight: 4,
      arbitrary: toLock(
        "renew",
        fc
          .record({ holder: holders, token: firstTokens, leaseMs: fc.constantFrom(0, 2_000, -1) })
          .map((body) => RenewPermits.create(body)),
      ),
    },
    {
      weight: 2,
      arbitrary: toLock(
        "leave_line",
        holders.map((holder) => LeaveLine.create({ holder })),
      ),
    },
    {
      weight: 2,
      arbitrary: toLock("set_permits", fc.record({ permits: fc.constantFrom(1, 1, 2, 3, 0) })),
    },
    {
      weight: 1,
      arbitrary: toLock("break_hold", fc.record({ holder: holders, reason: fc.constant("gone") })),
    },
    {
      weight: 1,
      arbitrary: toLock(
        "end_work",
        works.map((work) => EndLockWork.create({ work } as EndLockWork)),
      ),
    },
    {
      weight: 2,
      arbitrary: toLock("give_way", fc.record({ ticket: firstTokens, message: fc.constant("x") })),
    },
    {
      weight: 2,
      arbitrary: fc.array(firstTokens, { maxLength: 2 }).map((tickets) => ({
        key: deadlocksKey,
        command: "resolve_deadlock",
        body: ResolveDeadlock.create({ circle: tickets.map(edgeOf), reason: "a circle" }),
      })),
    },
  );
}

/** Numbers start at the start time of the driver. */
const firstNumber = 1_767_225_600_000_000;
const firstTokens = fc.integer({ min: 0, max: 6 }).map((number) => firstNumber + number);

function edgeOf(ticket: number): CircleEdge {
  return {
    waiter: workOf("one"),
    namespace: lockKey.namespace,
    lock: lockKey.id,
    ticket,
    holder: workOf("two"),
  };
}
