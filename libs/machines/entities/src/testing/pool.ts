/** Random commands to a pool: few names, so that they interact. */
import { Hold } from "@tutti/contracts/agent/v1";
import {
  Hook,
  HookFailure,
  HookMoment,
  Inbox,
  Pool,
  PoolLimit,
  Scaler,
  Scaling,
  StrategyKind,
} from "@tutti/contracts/swarm/v1";
import type { InstanceKey } from "@tutti/kernel";
import type { MachineCall } from "@tutti/kernel/testing";
import fc from "fast-check";

export function poolKey(id: string, namespace = "default"): InstanceKey {
  return { namespace, kind: "pool", id };
}

const few = <T>(...all: readonly T[]) => fc.constantFrom(...all);
const revision = few(0, 0, 1, 2, 5);
const reason = few("", "too hot");

const settings = fc
  .record({
    description: few("", "with a graphics card"),
    strategy: few(undefined, { kind: StrategyKind.STRATEGY_KIND_AUCTION, weights: { speed: 2, load: 1 } }),
    weights: few({}, { gold: 3 }, { gold: -1 }),
    maxQueued: few(0, 10),
    paused: few(false, false, true),
    labels: few({}, { team: "a" }),
  })
  .map((fields) => Pool.fromPartial(fields as Parameters<typeof Pool.fromPartial>[0]));

const rate = few(undefined, { count: 1, perMs: 100, burst: 0 }, { count: 0, perMs: 1, burst: 0 });
const limit = fc
  .record({ key: few("gpu", "tenant-*", ""), maxConcurrent: few(0, 1, 2), rate })
  .map((fields) => PoolLimit.fromPartial(fields as Parameters<typeof PoolLimit.fromPartial>[0]));

const verdict = few({ priority: "10" }, { labels: { a: "1", b: "${{ task.id }}" } });
const action = fc.oneof(
  verdict.map((value) => ({ $case: "rule" as const, value: { verdict: value } })),
  fc.constant({ $case: "listener" as const, value: { blocking: true, timeoutMs: 100 } }),
);
const hook = fc
  .record({
    hookId: few("first", "second", ""),
    moment: few(HookMoment.HOOK_MOMENT_BEFORE_ASSIGN, HookMoment.HOOK_MOMENT_AFTER_RESULT),
    order: few(0, 1),
    when: few("", "task.priority > 1"),
    action,
    onFailure: few(HookFailure.HOOK_FAILURE_UNSPECIFIED, HookFailure.HOOK_FAILURE_DENY),
  })
  .map((fields) => Hook.fromPartial(fields as Parameters<typeof Hook.fromPartial>[0]));

const driver = fc.oneof(
  fc.constant({
    $case: "process" as const,
    value: { command: ["node", "agent.js"], environment: { A: "1", B: "2" } },
  }),
  fc.constant({ $case: "container" as const, value: { image: "agents", limits: { cpu: 1 } } }),
  fc.constant({ $case: "webhook" as const, value: { url: "https://agents.example/scale" } }),
);
const scaler = fc
  .record({ scalerId: few("more", "most", ""), driver, minAgents: few(0, 1), maxAgents: few(0, 5) })
  .map((fields) => Scaler.fromPartial(fields as Parameters<typeof Scaler.fromPartial>[0]));

const inbox = fc
  .record({
    inboxId: few("finance", "legal", ""),
    people: few([], ["ann", "bob"]),
    answersNeeded: few(0, 2),
    labels: few({}, { b: "1", a: "2" }),
  })
  .map((fields) =>
    Inbox.fromPartial({ ...fields, capabilities: [{ name: "pay.review", version: "1.0.0" }] }),
  );

const noted = fc.record({
  scalings: fc.array(
    fc.record({ scalerId: few("more", "most"), wanted: few(0, 1, 5) }).map(({ scalerId, wanted }) => ({
      ...{ scalerId, scaling: Scaling.fromPartial({ wanted, reason: "tasks wait" }) },
    })),
    { maxLength: 3 },
  ),
  crashes: fc.array(
    fc.record({
      scalerId: few("more"),
      agentId: few("more-1", "more-2"),
      crashes: few(0, 1, 2),
      how: few("", "exited with code 1"),
    }),
    { maxLength: 2 },
  ),
  arrivals: fc.array(fc.record({ scalerId: few("more"), stretch: few(1, 2, 5, 2_000), tasks: few(0, 3) }), {
    maxLength: 2,
  }),
});

const starts = fc.array(
  fc.record({
    limit: few("mail", "api"),
    untilMs: few(0, 1_767_225_660_000, Number.MAX_SAFE_INTEGER),
    partMs: few(1, 1_000),
  }),
  { maxLength: 3 },
);

const agentId = few("one", "two", "");
const hold = few(Hold.HOLD_PAUSED, Hold.HOLD_QUARANTINED, Hold.HOLD_FLAPPING);

/** Operations for properties. A failing sequence is reduced. */
export function operations(ids: readonly string[] = ["default", "gpu"]): fc.Arbitrary<MachineCall> {
  const key = few(...ids).map((id) => poolKey(id));
  const call = (weight: number, command: string, body: fc.Arbitrary<object>) => ({
    weight,
    arbitrary: fc.record({ key, command: fc.constant(command), body }),
  });
  return fc.oneof(
    call(4, "create", fc.record({ pool: settings })),
    call(4, "update", fc.record({ pool: settings, revision })),
    call(1, "delete", fc.constant({})),
    call(3, "pause", fc.record({ reason })),
    call(3, "resume", fc.record({ slowStart: rate, slowStartMs: few(0, 1_000, -1) })),
    call(4, "set_limit", fc.record({ limit })),
    call(2, "delete_limit", fc.record({ key: few("gpu", "tenant-*") })),
    call(4, "create_hook", fc.record({ hook })),
    call(4, "update_hook", fc.record({ hook, revision })),
    call(2, "delete_hook", fc.record({ hookId: few("first", "second") })),
    call(4, "create_scaler", fc.record({ scaler })),
    call(4, "update_scaler", fc.record({ scaler, revision })),
    call(2, "note_scalings", noted),
    call(2, "reserve_starts", fc.record({ starts })),
    call(2, "delete_scaler", fc.record({ scalerId: few("more", "most") })),
    call(4, "set_inbox", fc.record({ inbox, revision })),
    call(2, "delete_inbox", fc.record({ inboxId: few("finance", "legal") })),
    call(4, "hold_agent", fc.record({ agentId, hold, reason })),
    call(2, "release_agent", fc.record({ agentId })),
  );
}
