import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as z from "zod";
import { Configuration } from "./configuration.ts";
import { secret } from "./secret.ts";
import { defineSection, live } from "./section.ts";
import { log, registry, sections, sourcesOf } from "./sections.fixture.ts";
import { memorySources } from "./sources.ts";

const key = z.string().default("x").describe("A key.");

function declare(shape: z.core.$ZodLooseShape, name = "part") {
  return defineSection({ scope: "foundation", name, schema: z.object(shape) });
}

describe("a section", () => {
  it("derives the properties of each key from its schema, through all wrappers", () => {
    const { keys } = declare({
      waitMs: live(z.int()).default(5).describe("Outside."),
      sizeMaxBytes: z.int().describe("Inside.").optional(),
      group: z.object({ rateLimitURL: z.string().describe("Deep.") }),
      token: secret().optional().describe("Hush."),
    });
    const described = keys.map(
      ({
        name,
        variable,
        unit,
        description,
        live: isLive,
        secret: isSecret,
        required,
        default: standard,
      }) => [name, variable, unit, description, isLive, isSecret, required, standard],
    );
    assert.deepEqual(described, [
      ["part.waitMs", "PART_WAIT_MS", "milliseconds", "Outside.", true, false, false, 5],
      ["part.sizeMaxBytes", "PART_SIZE_MAX_BYTES", "bytes", "Inside.", false, false, false, undefined],
      ["part.group.rateLimitURL", "PART_GROUP_RATE_LIMIT_URL", "", "Deep.", false, false, true, undefined],
      ["part.token", "PART_TOKEN", "", "Hush.", false, true, false, undefined],
    ]);
  });

  it("marks only the key as live, not other keys of the same schema", () => {
    const shared = z.int().default(1).describe("Shared.");
    assert.deepEqual(
      declare({ one: live(shared), two: shared }).keys.map((each) => each.live),
      [true, false],
    );
  });

  it("gives readers the type of its schema", () => {
    const configuration = Configuration.load({ sections, sources: memorySources() });
    const leaseMs: number = configuration.read(registry).leaseMs;
    const level: "debug" | "info" | "warn" = configuration.read(log, { scope: "engines" }).level;
    assert.deepEqual([leaseMs, level], [15_000, "info"]);
  });

  const refused: readonly [string, () => unknown, RegExp][] = [
    ["a name with a dash", () => declare({ key }, "my-part"), /a section's name is camelCase/],
    [
      "the name of a scope",
      () => declare({ key }, "engines"),
      /a section's name is camelCase and not that of a scope/,
    ],
    ["a key in snake case", () => declare({ a_key: key }), /a key of the configuration is camelCase/],
    [
      "a key without a description",
      () => declare({ key: z.string() }),
      /every key of the configuration is described/,
    ],
    [
      "a group with a default of its own",
      () => declare({ group: z.object({ key }).prefault({}) }),
      /a group of keys is an object/,
    ],
    [
      "a key that swallows mistakes",
      () => declare({ key: z.int().catch(1).describe("A key.") }),
      /does not swallow/,
    ],
    [
      "an object that drops what it does not know",
      () => declare({ key: z.array(z.object({ a: key })).describe("A key.") }),
      /is strict/,
    ],
  ];
  for (const [title, create, expected] of refused)
    it(`is refused with ${title}`, () => assert.throws(create, expected));
});

describe("the sections of a process", () => {
  const load =
    (...list: ReturnType<typeof declare>[]) =>
    () =>
      Configuration.load({ sections: list, sources: memorySources() });

  it("have different names", () => {
    assert.throws(load(declare({ key }), declare({ key })), /each section is declared once/);
  });

  it("have different environment variables for all their keys", () => {
    const nested = declare({ max: z.object({ size: key }), maxSize: key });
    assert.throws(load(nested), /each key has its own environment variable/);
  });

  it("are the only sections that can be read, in their scope or a later scope", () => {
    const configuration = Configuration.load({ sections: [registry], sources: sourcesOf({}) });
    assert.throws(() => configuration.read(log), /the section is among those loaded/);
    assert.throws(
      () => configuration.read(declare({ key }, "registry")),
      /the section is among those loaded/,
    );
    assert.throws(
      () => configuration.read(registry, { scope: "foundation" }),
      /read from its own scope or a later one/,
    );
    assert.throws(() => configuration.onChange(log, () => {}), /among those loaded/);
  });
});
