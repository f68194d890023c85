import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Rotation } from "@tutti/contracts/insight/v1";
import { toTimestamp } from "@tutti/kernel";
import fc from "fast-check";
import { onCallAt, rotationProblem, shiftsFrom } from "./shifts.ts";

const members = ["ada", "bob", "eve"].map((name) => ({ name, receivers: [`${name}-phone`] }));

function rotation(fields: Parameters<typeof Rotation.fromPartial>[0] = {}): Rotation {
  return Rotation.fromPartial({ rotationId: "web", members, timeZone: "Europe/Berlin", ...fields });
}

const at = (text: string) => Date.parse(text);
const span = (from: string, to: string) => ({ from: toTimestamp(at(from)), to: toTimestamp(at(to)) });
const shiftTexts = (rotation: Rotation, from: string, count: number) =>
  shiftsFrom(rotation, at(from), count).map(
    ({ member, fromMs, toMs, isOverridden }) =>
      `${member}${isOverridden ? "*" : ""} ${new Date(fromMs).toISOString().slice(0, 16)} ${new Date(toMs).toISOString().slice(0, 16)}`,
  );

describe("a rotation", () => {
  it("hands over each Monday at 09:00 by default, and lists the current and next members on call", () => {
    const schedule = rotation({ startDay: "2026-11-23" });
    assert.deepEqual(shiftTexts(schedule, "2026-11-26T06:00:00Z", 3), [
      "ada 2026-11-23T08:00 2026-11-30T08:00",
      "bob 2026-11-30T08:00 2026-12-07T08:00",
      "eve 2026-12-07T08:00 2026-12-14T08:00",
    ]);
    assert.equal(
      new Date(shiftsFrom(rotation(), at("2026-11-26T06:00:00Z"), 1)[0]?.fromMs ?? 0).getUTCDay(),
      1,
    );
  });

  it("hands over at the same local time when clocks change", () => {
    const daily = rotation({ everyDays: 1, startDay: "2026-03-28" });
    assert.deepEqual(shiftTexts(daily, "2026-03-28T12:00:00Z", 2), [
      "ada 2026-03-28T08:00 2026-03-29T07:00",
      "bob 2026-03-29T07:00 2026-03-30T07:00",
    ]);
    const autumn = rotation({ everyDays: 1, startDay: "2026-10-24" });
    assert.deepEqual(shiftTexts(autumn, "2026-10-24T12:00:00Z", 2), [
      "ada 2026-10-24T07:00 2026-10-25T08:00",
      "bob 2026-10-25T08:00 2026-10-26T08:00",
    ]);
  });

  it("hands over after the gap if the handover time does not exist, and at the first time if it exists twice", () => {
    const scheduleFrom = (startDay: string) => rotation({ everyDays: 1, handover: "02:30", startDay });
    assert.deepEqual(shiftTexts(scheduleFrom("2026-03-28"), "2026-03-28T12:00:00Z", 2), [
      "ada 2026-03-28T01:30 2026-03-29T01:00",
      "bob 2026-03-29T01:00 2026-03-30T00:30",
    ]);
    assert.deepEqual(shiftTexts(scheduleFrom("2026-10-24"), "2026-10-24T12:00:00Z", 2), [
      "ada 2026-10-24T00:30 2026-10-25T00:30",
      "bob 2026-10-25T00:30 2026-10-26T01:30",
    ]);
    // 02:15 for the second time: the handover has passed.
    assert.equal(onCallAt(scheduleFrom("2026-10-24"), at("2026-10-25T01:15:00Z")).member, "bob");
  });

  it("an override replaces the shift, the last of several counts, and the rest of the shift stays", () => {
    const overrides = [
      { member: "eve", span: span("2026-11-24T00:00:00Z", "2026-11-26T00:00:00Z") },
      { member: "joe", receivers: ["joe-phone"], span: span("2026-11-25T00:00:00Z", "2026-11-25T12:00:00Z") },
    ];
    const schedule = rotation({ startDay: "2026-11-23", overrides });
    assert.deepEqual(shiftTexts(schedule, "2026-11-23T12:00:00Z", 5), [
      "ada 2026-11-23T08:00 2026-11-24T00:00",
      "eve* 2026-11-24T00:00 2026-11-25T00:00",
      "joe* 2026-11-25T00:00 2026-11-25T12:00",
      "eve* 2026-11-25T12:00 2026-11-26T00:00",
      "ada 2026-11-26T00:00 2026-11-30T08:00",
    ]);
    assert.deepEqual(onCallAt(schedule, at("2026-11-25T06:00:00Z")).receivers, ["joe-phone"]);
    assert.deepEqual(onCallAt(schedule, at("2026-11-24T06:00:00Z")).receivers, ["eve-phone"]);
  });

  it("an override by the member on shift changes nothing", () => {
    const overrides = [{ member: "ada", span: span("2026-11-24T00:00:00Z", "2026-11-26T00:00:00Z") }];
    assert.deepEqual(shiftTexts(rotation({ startDay: "2026-11-23", overrides }), "2026-11-25T00:00:00Z", 1), [
      "ada 2026-11-23T08:00 2026-11-30T08:00",
    ]);
  });

  it("a rotation of one member has one long shift", () => {
    const [first] = shiftsFrom(rotation({ members: members.slice(0, 1) }), at("2026-11-25T00:00:00Z"), 1);
    assert.ok(first !== undefined && first.toMs > at("2027-01-01T00:00:00Z"));
  });

  it("shifts follow each other without a gap, contain the moment, and change the person", () => {
    const zones = fc.constantFrom(
      "",
      "Europe/Berlin",
      "America/St_Johns",
      "Australia/Lord_Howe",
      "Pacific/Apia",
    );
    const times = fc.integer({ min: at("2010-01-01T00:00:00Z"), max: at("2030-01-01T00:00:00Z") });
    const settings = fc.record({
      timeZone: zones,
      handover: fc.constantFrom("", "00:00", "02:30", "23:59"),
      everyDays: fc.constantFrom(0, 1, 2, 14),
      startDay: fc.constantFrom("", "2011-12-29", "2026-03-29"),
      count: fc.integer({ min: 2, max: 3 }),
    });
    fc.assert(
      fc.property(settings, times, fc.nat({ max: 20 }), ({ count, ...given }, atMs, days) => {
        const from = toTimestamp(atMs + days * 3_600_000);
        const to = toTimestamp(atMs + days * 7_200_000 + 60_000);
        const overrides = days === 0 ? [] : [{ member: "eve", span: { from, to } }];
        const generated = rotation({ ...given, overrides, members: members.slice(0, count) });
        const shifts = shiftsFrom(generated, atMs, 6);
        assert.ok(shifts[0] !== undefined && shifts[0].fromMs <= atMs && atMs < shifts[0].toMs);
        for (const [index, shift] of shifts.entries()) {
          const next = shifts[index + 1];
          assert.ok(shift.fromMs < shift.toMs);
          assert.equal(onCallAt(generated, shift.fromMs).member, shift.member);
          assert.equal(onCallAt(generated, shift.toMs - 1).member, shift.member);
          if (next === undefined) continue;
          assert.equal(next.fromMs, shift.toMs);
          assert.ok(next.member !== shift.member || next.isOverridden !== shift.isOverridden);
        }
      }),
    );
  });

  it("mistakes are named with their field", () => {
    const wrong: [Parameters<typeof Rotation.fromPartial>[0], RegExp][] = [
      [{ members: [] }, /^`members`: expected at least one/],
      [{ members: [...members, ...members] }, /got `ada` twice/],
      [{ members: [{ name: "ada", receivers: [] }] }, /^`members\[0\].receivers`/],
      [{ timeZone: "Mars/Base" }, /^`timeZone`: .* got `Mars\/Base`/],
      [{ handover: "9:00" }, /^`handover`/],
      [{ handover: "24:00" }, /^`handover`/],
      [{ startDay: "2026-02-30" }, /^`startDay`/],
      [{ overrides: [{ member: "ada" }] }, /^`overrides\[0\].span`/],
      [
        { overrides: [{ member: "joe", span: span("2026-11-24T00:00:00Z", "2026-11-25T00:00:00Z") }] },
        /^`overrides\[0\].receivers`: .* `joe`, who is no member/,
      ],
    ];
    for (const [fields, message] of wrong) assert.match(rotationProblem(rotation(fields)) ?? "", message);
    assert.equal(rotationProblem(rotation({ handover: "02:30", startDay: "2024-02-29" })), undefined);
  });
});
