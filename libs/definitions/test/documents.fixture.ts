import type { Json } from "@tutti/expressions";
import fc from "fast-check";
import { definition } from "../src/language/definition-shape.ts";
import type { Shape, TextForm } from "../src/language/shape.ts";

/** Documents generated from the shapes of the language: valid in shape, and mostly meaningless. */

const samples: Readonly<Record<TextForm, readonly string[]>> = {
  name: ["order", "shop.order", "a-b_c"],
  id: ["paid", "Go.1", "x_y"],
  taskId: ["a", "b", "c", "long-name", "dotted.name"],
  word: ["n", "note", "x_1"],
  labelKey: ["team", "a/b.c-d"],
  usesCapability: ["stock.reserve", "pay.charge@^2", "x@>=1.2.0 <3"],
  usesDefinition: ["billing", "billing@stable", `billing@${"a".repeat(64)}`],
  backoff: ["1s", "1s..1m", "100ms..1h30m"],
  rate: ["10/s", "100/5m"],
  errorPattern: ["stock.*", "*"],
  reference: ["env:SHOP_DB", "file:/run/secrets/shop", "secret:shop"],
  localReference: ["env:SHOP_DB", "file:/run/secrets/shop"],
};
const texts = fc.oneof(
  fc.constantFrom(
    "",
    "yes",
    "null",
    "1.0",
    "~",
    "- a",
    "a: b",
    "#",
    "'",
    '"',
    "${{ input.a }}",
    "$${{ x",
    "true",
    "0x1F",
    "2026-01-31",
    "é\n\tü",
    " lead",
    "trail ",
    "{",
    "[",
    "&a",
    "*a",
    "!x",
    "%",
    "@",
    "`",
    "\u2028",
    "|",
    ">",
    "a\n\nb\n",
  ),
  fc.string({ unit: "grapheme", maxLength: 20 }),
);
const conditions = fc.constantFrom(
  "true",
  "${{ input.n > 1 }}",
  "tasks.a.output == 1",
  "has(vars.note)",
  "[1, 2]",
);
const json = fc
  .jsonValue({ maxDepth: 2 })
  .map((value) => JSON.parse(JSON.stringify(value).replaceAll("__proto__", "proto")) as Json);

/** Returns values of a shape. `depth` bounds recursion. */
export function valuesOf(shape: Shape, depth = 0): fc.Arbitrary<Json> {
  switch (shape.kind) {
    case "text":
      return shape.form === undefined
        ? texts.filter((text) => !text.startsWith("${{"))
        : fc.constantFrom(...samples[shape.form]);
    case "template":
      return texts;
    case "condition":
      return fc.oneof(conditions, fc.boolean());
    case "number":
      return shape.whole
        ? fc.integer({ min: shape.min, max: Math.min(shape.max, 1_000_000) })
        : fc.double({ min: shape.min, max: Math.min(shape.max, 1e6), noNaN: true }).map((value) => value + 0);
    case "duration":
      return fc.constantFrom("30s", "1h30m", "2d", "0.5s");
    case "flag":
      return fc.boolean();
    case "choice":
      return fc.constantFrom(...shape.among);
    case "data":
    case "json":
      return fc.oneof(json, texts);
    case "schema":
      return fc.constantFrom<Json>(
        true,
        {},
        { type: "object" },
        { type: "string" },
        { type: ["integer", "null"] },
      );
    case "list":
      return fc.array(valuesOf(shape.of, depth + 1), {
        minLength: shape.min ?? 0,
        maxLength: Math.min(shape.max, 3),
      });
    case "map":
      return fc.dictionary(
        shape.keys === "duration" ? fc.constantFrom("30s", "1d") : fc.constantFrom(...samples[shape.keys]),
        valuesOf(shape.of, depth + 1),
        {
          minKeys: Math.min(shape.min ?? 0, 1),
          maxKeys: 3,
          noNullPrototype: true,
        },
      );
    case "later":
      return depth > 8
        ? fc.constant({ uses: "x" })
        : fc.constant(undefined).chain(() => valuesOf(shape.shape(), depth + 1));
    case "members":
      return membersOf(shape, depth);
    case "variants":
      return fc.oneof(...Object.values(shape.of).map((variant) => valuesOf(variant, depth + 1)));
  }
}

function membersOf(shape: Extract<Shape, { kind: "members" }>, depth: number): fc.Arbitrary<Json> {
  const grouped = new Set(shape.oneOf.flat());
  const keys = Object.keys(shape.members).filter((key) => !grouped.has(key) && !shape.required.includes(key));
  const chosen = fc.tuple(
    fc.subarray(keys, { maxLength: Math.min(keys.length, depth > 3 ? 2 : 6) }),
    ...shape.oneOf.map((group) => fc.constantFrom(...usable(group, depth))),
  );
  return chosen.chain(([optional, ...groups]) => {
    const all = [...shape.required, ...groups, ...optional];
    return fc.record(Object.fromEntries(all.map((key) => [key, memberOf(shape, key, depth)])), {
      noNullPrototype: true,
    });
  });
}

/** Deeply nested tasks are never loops. */
function usable(group: readonly string[], depth: number): readonly string[] {
  return depth > 4 ? group.filter((key) => key !== "loop") : group;
}

function memberOf(
  shape: Extract<Shape, { kind: "members" }>,
  key: string,
  depth: number,
): fc.Arbitrary<Json> {
  const member = shape.members[key];
  return member === undefined ? fc.constant(null) : valuesOf(member, depth + 1);
}

/** Definitions with a valid shape. */
export const documents: fc.Arbitrary<Json> = valuesOf(definition).map(
  (document) => JSON.parse(JSON.stringify(document)) as Json,
);
