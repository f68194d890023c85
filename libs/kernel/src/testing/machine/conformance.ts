/**
 * The suite that every machine must pass: random sequences of commands, messages, timers and results, with the machine
 * contract checked at every step, and golden histories that stay readable.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Arbitrary } from "fast-check";
import type { InstanceKey } from "../../machine/instance-key.ts";
import type { WireCodec } from "../../machine/wire.ts";
import { type DrivenEffect, MachineDriver } from "./driver.ts";
import { describeGolden } from "./golden.ts";
import { type AnyMachine, checkTable, MachineTable, nameOf } from "./machine-table.ts";
import { MachineViolation } from "./violation.ts";

/** A command to an instance, as data. */
export interface MachineCall {
  readonly key: InstanceKey;
  /** Type of the command. */
  readonly command: string;
  readonly body: unknown;
}

export interface ConformanceOptions {
  /** Kinds that send each other messages are tested together. */
  readonly machines: readonly AnyMachine[];
  /** Name of the service that hosts them. */
  readonly service: string;
  /** Services that are not driven here: messages to them leave. Default: none. */
  readonly outside?: readonly string[];
  /** Generates commands of callers. Few ids and small numbers, so that the commands interact. */
  readonly commands: Arbitrary<MachineCall>;
  /**
   * Returns the result of an effect, which must settle this attempt. `random` is drawn from [0, 1). Without it effects
   * are never answered.
   */
  readonly resultOf?: (effect: unknown, random: number) => Omit<MachineCall, "key">;
  /** Maximum progress of time per step. Default: 1 minute. */
  readonly pauseMaxMs?: number;
  /** Invariant over all instances after every step: throws if it is violated. */
  readonly invariant?: (driver: MachineDriver) => void;
  /** The folder with the golden histories. */
  readonly golden: URL;
  /** Number of sequences. Default: 100. */
  readonly sequences?: number;
  /** Steps of the longest sequence. Default: 100. */
  readonly stepsMax?: number;
  /** Types of commands and names of events (`account_opened v2`) that the random sequences need not contain. */
  readonly rare?: readonly string[];
}

/** One step of a sequence, as data: a failing sequence is printed, and becomes the test of the bug. */
type Input =
  | ({ readonly kind: "command" } & MachineCall)
  | { readonly kind: "message"; readonly channel: number }
  | { readonly kind: "time"; readonly ms: number }
  | { readonly kind: "result"; readonly effect: number; readonly random: number };

/** Registers the tests of a machine, or of several that belong together. */
export function machineConformance(options: ConformanceOptions): void {
  const kinds = options.machines.map(({ kind }) => kind).join(", ");
  describe(`the machine contract of ${kinds}`, () => {
    for (const machine of options.machines) {
      it(`${machine.kind}: names are in form and unique, versions count from 1`, () => checkTable(machine));

      it(`${machine.kind}: refuses events, commands and snapshots of a newer release`, () =>
        assertRefusesTheUnknown(machine));
    }

    it("any sequence of commands, messages, timers and results satisfies the contract, step by step", async () => {
      const { default: check } = await import("fast-check");
      const seen = { accepted: new Set<string>(), emitted: new Set<string>() };
      const { sequences = 100, stepsMax = 100 } = options;
      check.assert(
        check.property(
          check.noBias(check.array(await inputs(options), { maxLength: stepsMax, size: "max" })),
          check.nat(),
          (steps, seed) => {
            const { accepted, emitted } = runSequence(options, steps, seed);
            for (const each of accepted) seen.accepted.add(each);
            for (const each of emitted) seen.emitted.add(each);
          },
        ),
        // The same sequences in every run: it must not be random whether all commands and events occur.
        { seed: 1, numRuns: sequences },
      );
      assert.deepEqual(
        untried(options, seen),
        [],
        "these commands and events never occurred: add operations in src/testing",
      );
    });

    describeGolden({ machines: options.machines, folder: options.golden });
  });
}

async function inputs({ commands, pauseMaxMs = 60_000 }: ConformanceOptions): Promise<Arbitrary<Input>> {
  const { default: check } = await import("fast-check");
  return check.oneof(
    { weight: 6, arbitrary: commands.map((call) => ({ kind: "command", ...call }) as const) },
    {
      weight: 3,
      arbitrary: check.record({ kind: check.constant("message" as const), channel: check.nat(7) }),
    },
    {
      weight: 1,
      arbitrary: check.record({
        kind: check.constant("time" as const),
        ms: check.integer({ min: 0, max: pauseMaxMs }),
      }),
    },
    {
      weight: 2,
      arbitrary: check.record({
        kind: check.constant("result" as const),
        effect: check.nat(7),
        random: check.nat(999).map((thousandths) => thousandths / 1_000),
      }),
    },
  );
}

function runSequence(options: ConformanceOptions, steps: readonly Input[], seed: number) {
  const { machines, service, outside = [], invariant } = options;
  const driver = new MachineDriver({ machines, service, outside, seed });
  for (const step of steps) {
    apply(driver, step, options);
    invariant?.(driver);
  }
  driver.deliverAll();
  driver.checkReplay();
  invariant?.(driver);
  return driver.tally;
}

function apply(driver: MachineDriver, input: Input, { resultOf }: ConformanceOptions): void {
  switch (input.kind) {
    case "command":
      driver.call(input.key, input.command, input.body);
      return;
    case "message":
      driver.deliver(input.channel);
      return;
    case "time":
      driver.advance(input.ms);
      return;
    case "result": {
      const { effects } = driver;
      const effect = effects[input.effect % Math.max(1, effects.length)];
      if (effect !== undefined && resultOf !== undefined) settleTwice(driver, effect, resultOf, input.random);
      return;
    }
  }
}

/** Submits the same result twice: the second must not be awaited any more, unless the first was refused. */
function settleTwice(
  driver: MachineDriver,
  effect: DrivenEffect,
  resultOf: (effect: unknown, random: number) => Omit<MachineCall, "key">,
  random: number,
): void {
  const { command, body } = resultOf(effect.effect, random);
  const before = driver.history(effect.key).length;
  driver.settleBy(effect, command, body);
  if (driver.history(effect.key).length === before) return;
  const second = driver.settleBy(effect, command, body);
  if (second !== "ignored")
    throw new MachineViolation(
      `effect ${effect.number} of ${effect.key.id}: expected its result to settle it or to start another attempt, got the same attempt still awaited`,
    );
}

function untried(
  { machines, rare = [] }: ConformanceOptions,
  seen: { readonly accepted: ReadonlySet<string>; readonly emitted: ReadonlySet<string> },
): readonly string[] {
  return machines.flatMap((machine) => {
    const table = new MachineTable(machine);
    const commands = machine.commands
      .map(({ type }) => type)
      .filter((type) => !seen.accepted.has(`${machine.kind}.${type}`));
    const events = table.newest.map(nameOf).filter((name) => !seen.emitted.has(`${machine.kind}.${name}`));
    return [...commands, ...events].filter((name) => !rare.includes(name));
  });
}

function assertRefusesTheUnknown(machine: AnyMachine): void {
  const table = new MachineTable(machine);
  for (const { type, version } of table.newest)
    assert.throws(() => table.event(type, version + 1), /a newer release may have written it/);
  assert.throws(() => table.command("never_heard_of"), MachineViolation);
  const { snapshots } = machine;
  const state: unknown = machine.create({ namespace: "default", kind: machine.kind, id: "one" });
  const bytes = snapshots.encode(state);
  for (const version of [0, snapshots.version + 1])
    assert.throws(
      () => snapshots.decode(bytes, version),
      Error,
      `expected version ${version} of a snapshot to be refused: 1 to ${snapshots.version} are known`,
    );
  assertRefusesNonsense(machine);
}

/** Checks that bytes which are no message are refused. */
function assertRefusesNonsense(machine: AnyMachine): void {
  // A field that declares more bytes than it has.
  const nonsense = Uint8Array.of(0x0a, 0xff, 0x01);
  const all: readonly { readonly name: string; readonly codec: WireCodec<unknown> }[] = [
    ...machine.commands.map(({ type, codec }) => ({ name: `command ${type}`, codec })),
    ...machine.events.map((event) => ({ name: `event ${nameOf(event)}`, codec: event.codec })),
  ];
  for (const { name, codec } of all)
    assert.throws(() => codec.decode(nonsense), Error, `expected ${name} to refuse bytes that are cut off`);
}
