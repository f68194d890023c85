import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Due } from "./due.ts";
import { Wheel } from "./wheel.ts";

class Alarm extends Due {
  readonly ranMs: number[] = [];
  onRun: (() => void) | undefined;
  override run(nowMs: number): void {
    this.ranMs.push(nowMs);
    this.onRun?.();
  }
}

const delays = fc.oneof(
  fc.integer({ min: -5, max: 200 }),
  fc.integer({ min: 0, max: 10_000_000 }),
  fc.double({ min: 0, max: 5_000, noNaN: true }),
  fc.integer({ min: 0, max: 2_000_000_000 }),
);

describe("Wheel", () => {
  it("runs each alarm once, never early, and announces in time when the next alarm is due", () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant("set" as const), alarm: fc.nat(7), delayMs: delays }),
      fc.record({ kind: fc.constant("remove" as const), alarm: fc.nat(7) }),
      fc.record({ kind: fc.constant("pass" as const), byMs: delays }),
      fc.record({ kind: fc.constant("next" as const) }),
    );
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 40 }),
        fc.double({ min: 0, max: 1e12, noNaN: true }),
        (steps, startMs) => {
          const wheel = new Wheel(startMs);
          const alarms = Array.from({ length: 8 }, () => new Alarm());
          const dues = new Map<Alarm, number>();
          let nowMs = startMs;
          const check = () => {
            wheel.advance(nowMs);
            for (const [alarm, dueMs] of dues) {
              if (alarm.ranMs.length > 0) {
                assert.ok(dueMs <= nowMs, `due at ${dueMs}, ran at ${nowMs}`);
                dues.delete(alarm);
              } else assert.ok(dueMs > nowMs - 1.01, `due at ${dueMs}, has not run at ${nowMs}`);
            }
            for (const alarm of alarms) alarm.ranMs.length = 0;
          };
          for (const step of steps) {
            if (step.kind === "pass") nowMs += Math.max(0, step.byMs);
            else if (step.kind === "next") {
              if (wheel.nextDueMs < Number.POSITIVE_INFINITY) nowMs = Math.max(nowMs, wheel.nextDueMs);
            } else {
              const alarm = alarms[step.alarm] as Alarm;
              if (step.kind === "set") {
                wheel.set(alarm, nowMs + step.delayMs);
                // A timer that is set too late runs at the next check.
                dues.set(alarm, nowMs + Math.max(0, step.delayMs));
              } else {
                wheel.remove(alarm);
                dues.delete(alarm);
              }
            }
            check();
            assert.equal(wheel.size, dues.size);
            const firstMs = Math.min(...dues.values());
            assert.ok(wheel.nextDueMs <= Math.max(firstMs, nowMs) + 1, `${wheel.nextDueMs} of ${firstMs}`);
            assert.ok(wheel.nextDueMs > nowMs - 1.01);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it("runs an alarm that its own run sets again, at each distance and from each tick", () => {
    const distances = [
      ...Array.from({ length: 200 }, (_, ms) => ms + 1),
      4_095,
      4_096,
      4_097,
      4_160,
      262_144,
    ];
    for (let atMs = 0; atMs < 130; atMs++)
      for (const distanceMs of distances) {
        const wheel = new Wheel(0);
        const alarm = new Alarm();
        wheel.set(alarm, atMs);
        alarm.onRun = () => {
          assert.ok(alarm.ranMs.length <= 2, `from ${atMs}: runs again ${distanceMs} ms too early`);
          if (alarm.ranMs.length === 1) wheel.set(alarm, atMs + distanceMs);
        };
        while (wheel.size > 0) wheel.advance(wheel.nextDueMs);
        assert.deepEqual(alarm.ranMs, [atMs, atMs + distanceMs]);
      }
  });

  it("reaches an alarm a year away in few steps", () => {
    const wheel = new Wheel(0);
    const alarm = new Alarm();
    const yearMs = 365 * 86_400_000;
    wheel.set(alarm, yearMs);
    let steps = 0;
    while (wheel.nextDueMs < Number.POSITIVE_INFINITY) {
      wheel.advance(wheel.nextDueMs);
      steps++;
    }
    assert.deepEqual(alarm.ranMs, [yearMs]);
    assert.ok(steps <= 7, String(steps));
  });

  it("lets an alarm reschedule itself and remove another alarm that is due at the same time", () => {
    const wheel = new Wheel(100);
    const first = new Alarm();
    const second = new Alarm();
    for (const [one, other] of [
      [first, second],
      [second, first],
    ] as const) {
      one.onRun = () => {
        wheel.remove(other);
        wheel.set(one, 100);
      };
      wheel.set(one, 150);
    }
    wheel.advance(150);
    assert.deepEqual([...first.ranMs, ...second.ranMs], [150]);
    wheel.advance(151);
    assert.deepEqual([...first.ranMs, ...second.ranMs], [150, 151]);
  });
});
