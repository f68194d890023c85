import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fastCheck from "fast-check";
import { draftOf } from "./draft.ts";
import type { Draft, Field } from "./field.ts";
import { fieldOf, labelOf } from "./field-of-schema.ts";
import { filled, problemsUnder, problemText } from "./filled.ts";

/** Shows a value in a form and reads it back. */
const around = (schema: unknown, value: unknown): unknown => {
  const field = fieldOf(schema);
  return filled(field, draftOf(field, value)).value;
};

const problemsOf = (schema: unknown, value?: unknown): readonly string[] => {
  const field = fieldOf(schema);
  return filled(field, draftOf(field, value)).problems.map(({ path, message }) => `${path}: ${message}`);
};

const typed = (field: Field, text: string): ReturnType<typeof filled> =>
  filled(field, { kind: field.kind, text } as Draft);

describe("forms from schemas", () => {
  it("shows every kind of field, and returns the value unchanged", () => {
    const schema = {
      type: "object",
      required: ["name", "count"],
      properties: {
        name: { type: "string" },
        count: { type: "integer" },
        price: { type: "number" },
        express: { type: "boolean" },
        carrier: { enum: ["post", "courier", 3, null] },
        at: { type: "string", format: "date-time" },
        lines: { type: "array", items: { type: "object", properties: { sku: { type: "string" } } } },
        labels: { type: "object", additionalProperties: { type: "string" } },
        any: {},
      },
    };
    const value = {
      ...{ name: "Clara", count: 2, price: 4.2, express: true, carrier: 3, at: "2026-11-20T10:30:00.000Z" },
      ...{ lines: [{ sku: "a" }, { sku: "b" }], labels: { team: "music" }, any: { deep: [1, { x: null }] } },
    };
    assert.deepEqual(around(schema, value), value);
  });

  it("selects the form of `oneOf` that matches the value", () => {
    const schema = {
      oneOf: [
        { title: "By card", type: "object", required: ["card"], properties: { card: { type: "string" } } },
        {
          title: "On account",
          type: "object",
          required: ["days"],
          properties: { days: { type: "integer" } },
        },
      ],
    };
    const draft = draftOf(fieldOf(schema), { days: 30 });
    assert.ok(draft.kind === "variant" && draft.at === 1);
    assert.deepEqual(around(schema, { days: 30 }), { days: 30 });
    assert.deepEqual(around(schema, { card: "4711" }), { card: "4711" });
  });

  it("treats `null` in `anyOf` as optional, and ignores `null` in a list of types", () => {
    const field = fieldOf({
      type: "object",
      required: ["a", "b"],
      properties: { a: { type: ["string", "null"] }, b: { anyOf: [{ type: "integer" }, { type: "null" }] } },
    });
    assert.ok(field.kind === "object");
    assert.deepEqual(
      field.fields.map(([name, { kind, required }]) => [name, kind, required]),
      [
        ["a", "text", true],
        ["b", "number", false],
      ],
    );
  });

  it("shows a `oneOf` of constants as one choice", () => {
    const field = fieldOf({ oneOf: [{ const: "slow", title: "Slow" }, { const: "fast" }] });
    assert.ok(field.kind === "choice");
    assert.deepEqual(field.values, ["slow", "fast"]);
  });

  it("follows references, and edits broken or endless references as JSON", () => {
    const schema = {
      $ref: "#/$defs/node",
      $defs: {
        node: { type: "object", properties: { name: { type: "string" }, next: { $ref: "#/$defs/node" } } },
      },
    };
    const value = { name: "a", next: { name: "b", next: { name: "c" } } };
    assert.deepEqual(around(schema, value), value);
    assert.equal(fieldOf({ $ref: "#/$defs/none" }).kind, "raw");
    assert.equal(fieldOf({ $ref: "#/$defs/a", $defs: { a: { $ref: "#/$defs/a" } } }).kind, "raw");
  });

  it("edits a value without a schema, or with an invalid schema, as JSON", () => {
    for (const schema of [undefined, "", "{", "[]", {}, { type: ["string", "integer"] }, 7]) {
      assert.equal(fieldOf(schema).kind, "raw", JSON.stringify(schema));
    }
    assert.deepEqual(typed(fieldOf(undefined), '{"a": 1}').value, { a: 1 });
    assert.deepEqual(typed(fieldOf(undefined), " ").problems, []);
    assert.match(typed(fieldOf(undefined), "{a").problems[0]?.message ?? "", /^Invalid JSON/);
  });

  it("omits untouched optional fields, including their required parts", () => {
    const schema = {
      type: "object",
      properties: {
        note: { type: "string", minLength: 3 },
        address: { type: "object", required: ["town"], properties: { town: { type: "string" } } },
        tags: { type: "array", items: { type: "string" } },
        express: { type: "boolean" },
      },
    };
    assert.deepEqual(problemsOf(schema), []);
    assert.deepEqual(around(schema, undefined), {});
  });

  it("requires fields of an object once it has a value", () => {
    const schema = {
      type: "object",
      properties: {
        address: {
          ...{ type: "object", required: ["town"] },
          properties: { town: { type: "string" }, street: { type: "string" } },
        },
      },
    };
    assert.deepEqual(problemsOf(schema, { address: { street: "Ring" } }), ["address.town: Enter a value."]);
  });

  it("opens a list with its minimum of entries, filled with the defaults", () => {
    const field = fieldOf({ type: "array", minItems: 2, items: { type: "integer", default: 5 } });
    assert.deepEqual(filled(field, draftOf(field)).value, [5, 5]);
  });

  const wrong: readonly (readonly [schema: object, text: string, message: RegExp])[] = [
    [{ type: "string" }, "", /^Enter a value\.$/],
    [{ type: "string", format: "email" }, "", /^Enter an address, such as name@example/],
    [{ type: "string", minLength: 3 }, "ab", /^Enter at least 3 characters, got 2/],
    [{ type: "string", maxLength: 1 }, "ab", /^Enter at most 1/],
    [{ type: "string", pattern: "^[a-z]+$" }, "A", /^Enter text of this form: \^\[a-z\]\+\$$/],
    [{ type: "string", format: "email" }, "clara", /name@example/],
    [{ type: "string", format: "uri" }, "clara", /https/],
    [{ type: "string", format: "uuid" }, "clara", /UUID/],
    [{ type: "string", format: "date" }, "tomorrow", /2026-11-20/],
    [{ type: "string", format: "date-time" }, "tomorrow", /date and a time/],
    [{ type: "integer" }, "", /^Enter a whole number\.$/],
    [{ type: "integer" }, "1.5", /whole/],
    [{ type: "integer" }, "much", /whole/],
    [{ type: "integer" }, "1e20", /^Enter the digits of the whole number/],
    [{ type: "integer", multipleOf: 5 }, "99999999999999999999", /^Enter a multiple of 5/],
    [{ type: "number" }, "", /^Enter a number\.$/],
    [{ type: "number" }, "much", /^Enter a number/],
    [{ type: "number" }, "Infinity", /^Enter a number nearer to zero/],
    [{ type: "number", maximum: 1_000 }, "1e999", /^Enter a number of at most 1000/],
    [{ type: "number", minimum: 1 }, "0", /^Enter a number of at least 1/],
    [{ type: "number", maximum: 1 }, "2", /^Enter a number of at most 1/],
    [{ type: "number", exclusiveMinimum: 0 }, "0", /^Enter a number above 0/],
    [{ type: "number", exclusiveMaximum: 1 }, "1", /^Enter a number below 1/],
    [{ type: "number", multipleOf: 0.1 }, "0.25", /^Enter a multiple of 0.1/],
  ];
  for (const [schema, text, message] of wrong) {
    it(`refuses ${JSON.stringify(text)} for ${JSON.stringify(schema)}, in words`, () => {
      const { problems } = typed(fieldOf(schema), text);
      assert.match(problems[0]?.message ?? "nothing was wrong", message);
    });
  }

  it("keeps all digits of a whole number", () => {
    const { value, problems } = typed(fieldOf({ type: "integer" }), "99999999999999999999");
    assert.deepEqual([value, problems], [99_999_999_999_999_999_999n, []]);
    assert.deepEqual(draftOf(fieldOf({ type: "integer" }), value), {
      kind: "number",
      text: "99999999999999999999",
    });
  });

  it("asks for JSON in a required field without a type, but not for the whole input", () => {
    const schema = { type: "object", required: ["any"], properties: { any: {} } };
    assert.deepEqual(problemsOf(schema), ["any: Enter a value as JSON. Put text in double quotes."]);
    assert.deepEqual(problemsOf({}), []);
  });

  it("asks for entries of a list, and for a choice", () => {
    const list = { type: "array", items: { type: "string" }, maxItems: 1 };
    assert.deepEqual(problemsOf(list, ["a", "b"]), [": Remove entries: at most 1, got 2."]);
    const choice = { type: "object", required: ["size"], properties: { size: { enum: ["s", "m"] } } };
    assert.deepEqual(problemsOf(choice), ["size: Select a value."]);
  });

  it("accepts 0.3 as a multiple of 0.1", () => {
    assert.deepEqual(typed(fieldOf({ type: "number", multipleOf: 0.1 }), "0.3").problems, []);
  });

  it("locates a problem in an entry of a list", () => {
    const schema = {
      type: "array",
      items: { type: "object", required: ["n"], properties: { n: { type: "integer" } } },
    };
    assert.deepEqual(problemsOf(schema, [{ n: 1 }, {}]), ["[1].n: Enter a whole number."]);
  });

  it("refuses the same name twice in entries with names of their own", () => {
    const field = fieldOf({ type: "object", additionalProperties: { type: "string" } });
    const draft = draftOf(field, { a: "1" });
    assert.ok(draft.kind === "object");
    const duplicated = { ...draft, others: [...draft.others, ...draft.others] };
    assert.match(
      filled(field, duplicated).problems[0]?.message ?? "",
      /^Enter another name: a is used twice/,
    );
  });

  it("maps violations from the platform to the fields of the form", () => {
    const fields = [
      { field: "input.items[0].price", message: "Expected a number." },
      { field: "input", message: "too large" },
      { field: "inputs", message: "something else" },
      { field: "labels", message: "no" },
    ];
    assert.deepEqual(problemsUnder(["input"], fields), [
      { path: "items[0].price", message: "Expected a number." },
      { path: "", message: "too large" },
    ]);
  });

  it("lists all violations of an input that is entered as JSON, with their places", () => {
    const problems = [
      { path: "", message: "must have required property 'size'" },
      { path: "items[0].price", message: 'must be number, got "x"' },
    ];
    assert.equal(
      problemText(problems),
      "must have required property 'size'\nitems[0].price: must be number, got \"x\"",
    );
    assert.equal(problemText([]), undefined);
  });

  it("writes names as people do", () => {
    assert.equal(labelOf("shippingAddress"), "Shipping address");
    assert.equal(labelOf("due_days"), "Due days");
    assert.equal(labelOf("SKU"), "SKU");
  });

  it("returns any JSON unchanged if the schema is empty", () => {
    fastCheck.assert(
      fastCheck.property(fastCheck.jsonValue(), (value) => {
        assert.deepEqual(around({}, value), JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it("returns lists of objects unchanged, with any content", () => {
    const schema = {
      type: "array",
      items: {
        type: "object",
        required: ["n", "s", "f"],
        properties: { n: { type: "number" }, s: { type: "string" }, f: { type: "boolean" } },
      },
    };
    const entry = fastCheck.record(
      {
        n: fastCheck
          .double({ noNaN: true, noDefaultInfinity: true })
          .map((value) => (value === 0 ? 0 : value)),
        s: fastCheck.string({ minLength: 1 }),
        f: fastCheck.boolean(),
      },
      { noNullPrototype: true },
    );
    fastCheck.assert(
      fastCheck.property(fastCheck.array(entry, { maxLength: 5 }), (value) => {
        assert.deepEqual(around(schema, value), value);
      }),
    );
  });
});
