/**
 * Histories drawn by chance, compared with a second reading of every event. machines that read one word otherwise,
 * which are noticed.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Machine } from "@tutti/kernel";
import { type MachineCall, MachineDriver } from "@tutti/kernel/testing";
import { experience } from "@tutti/machine-entities/experience";
import fc from "fast-check";
import { session } from "../src/index.ts";
import type { Session } from "../src/state.ts";
import { operations, resultOf, SessionReading } from "../src/testing/index.ts";

type Step =
  | { readonly what: "command"; readonly call: MachineCall }
  | { readonly what: "result"; readonly effect: number; readonly random: number }
  | { readonly what: "time"; readonly ms: number };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: operations().map((call) => ({ what: "command" as const, call })) },
    {
      weight: 5,
      arbitrary: fc.record({
        ...{ what: fc.constant("result" as const), effect: fc.nat(7) },
        random: fc.nat(999).map((thousandths) => thousandths / 1_000),
      }),
    },
    { weight: 1, arbitrary: fc.record({ what: fc.constant("time" as const), ms: fc.nat(4_000) }) },
  ),
  { maxLength: 150, size: "max" },
);

/** What is wrong with a history, by the reading. Undefined for nothing. */
function findingIn(machine: Machine<Session, never>, history: readonly Step[]): string | undefined {
  const driver = new MachineDriver({
    machines: [machine, experience],
    service: "master",
    outside: ["workflow", "swarm"],
  });
  const readings = new Map<string, { readonly reading: SessionReading; read: number }>();
  for (const step of history) {
    const command = take(driver, step);
    for (const key of driver.keys.filter(({ kind }) => kind === "session")) {
      const known = readings.get(key.id) ?? { reading: new SessionReading(key.id), read: 0 };
      readings.set(key.id, known);
      const events = driver.history(key);
      for (const { type, version, payload } of events.slice(known.read)) {
        const event = machine.events.find((each) => each.type === type && each.version === version);
        known.reading.event({ type, body: event?.codec.decode(payload), command });
      }
      known.read = events.length;
      known.reading.compare(driver.projection(key));
      const [finding] = known.reading.findings;
      if (finding !== undefined) return `${key.id}: ${finding}`;
    }
  }
  return undefined;
}

function take(
  driver: MachineDriver,
  step: Step,
): { readonly type: string; readonly body: unknown } | undefined {
  if (step.what === "time") driver.advance(step.ms);
  else if (step.what === "command") {
    driver.call(step.call.key, step.call.command, step.call.body);
    return { type: step.call.command, body: step.call.body };
  } else {
    const { effects } = driver;
    const effect = effects[step.effect % Math.max(1, effects.length)];
    if (effect === undefined) return undefined;
    const { command, body } = resultOf(effect.effect, step.random);
    driver.settleBy(effect, command, body);
    return { type: command, body };
  }
  return undefined;
}

describe("what becomes durable of a session", () => {
  it("may happen, whatever is asked and answered, and adds up to its state", () => {
    fc.assert(
      fc.property(fc.noBias(steps), (history) => {
        assert.equal(findingIn(session as Machine<Session, never>, history), undefined);
      }),
      { seed: 1, numRuns: 250 },
    );
  });
});
