import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Payload } from "@tutti/contracts/types/v1";
import { requireInputOfSchema } from "./inputs.ts";

const schema = JSON.stringify({
  type: "object",
  required: ["city", "days"],
  properties: { city: { type: "string" }, days: { type: "integer", default: 2 } },
});
const payload = (value: unknown) =>
  Payload.fromPartial({ body: { $case: "inline", value: Buffer.from(JSON.stringify(value)) } });
const inlineOf = (input: Payload | undefined) =>
  input?.body?.$case === "inline" ? JSON.parse(Buffer.from(input.body.value).toString()) : undefined;

describe("the input of work that a definition starts", () => {
  it("gets the defaults of the schema", () => {
    assert.deepEqual(inlineOf(requireInputOfSchema(schema, payload({ city: "Bonn" }), "input")), {
      city: "Bonn",
      days: 2,
    });
  });

  it("is refused with each place that does not satisfy the schema", () => {
    for (const [input, field] of [
      [payload({ days: 1 }), "input"],
      [payload({ city: "Bonn", days: "many" }), "input.days"],
      [undefined, "input"],
    ] as const)
      assert.throws(
        () => requireInputOfSchema(schema, input, "input"),
        (error: { code: string; violations: { field: string }[] }) =>
          error.code === "workflow.input_invalid" && error.violations[0]?.field.startsWith(field) === true,
      );
  });

  it("keeps every digit of whole numbers, which are compared exactly", () => {
    const properties = {
      ...{ id: { type: "integer", minimum: 1, multipleOf: 3 }, any: { type: "number" } },
      ...{ ids: { type: "array", items: { type: "integer" }, uniqueItems: true }, days: { default: 2 } },
    };
    const numbers = JSON.stringify({ type: "object", properties });
    const checked = (text: string) => {
      const body = { $case: "inline", value: Buffer.from(text) } as const;
      const valid = requireInputOfSchema(numbers, Payload.fromPartial({ body }), "input");
      return valid?.body?.$case === "inline" ? Buffer.from(valid.body.value).toString() : "";
    };
    const exact =
      '{"id":9007199254740993,"any":-18446744073709551617,"ids":[9007199254740993,9007199254740992]';
    assert.equal(checked(`${exact}}`), `${exact},"days":2}`);
    for (const [wrong, field] of [
      ['{"id":9007199254740997}', "input.id"],
      ['{"id":-9007199254740993}', "input.id"],
      ['{"ids":[9007199254740993,9007199254740993]}', "input.ids"],
      ['{"id":9007199254740993.5}', "input.id"],
    ] as const)
      assert.throws(
        () => checked(wrong),
        (error: { violations: { field: string }[] }) => error.violations[0]?.field === field,
        wrong,
      );
  });

  it("passes unchanged without a schema", () => {
    const stored = Payload.fromPartial({ body: { $case: "blob", value: { size: 5 } } });
    assert.equal(requireInputOfSchema("", stored, "input"), stored);
    assert.equal(requireInputOfSchema("", undefined, "input"), undefined);
    assert.throws(() => requireInputOfSchema(schema, stored, "input"), { code: "workflow.payload_not_json" });
  });
});
