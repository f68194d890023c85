import assert from "node:assert/strict";
import { it } from "node:test";
import { DefinitionUse, Payload } from "@tutti/contracts/types/v1";
import { Definition, GetDefinitionReply, SourceFormat } from "@tutti/contracts/workflow/v1";
import { testContext } from "@tutti/kernel/testing";
import { Definitions } from "./definitions.ts";

const text = `workflow: trip
input:
  schema: {type: object, required: [city], properties: {city: {type: string}, days: {type: integer, default: 2}}}
tasks:
  book: {uses: trip.book, with: "\${{ input }}"}
`;
const inputSchema = JSON.stringify({
  type: "object",
  required: ["city"],
  properties: { city: { type: "string" }, days: { type: "integer", default: 2 } },
});
const definition = Definition.fromPartial({
  ...{ name: "trip", hash: "h1", inputSchema },
  source: { format: SourceFormat.SOURCE_FORMAT_YAML, text, fileName: "trip.yaml" },
});

it("a mission from a definition gets the defaults of its input, and is refused without required input", async () => {
  const definitions = new Definitions({
    getDefinition: async () => GetDefinitionReply.fromPartial({ definition }),
  });
  const specOf = (input: unknown) => {
    const body = { $case: "inline" as const, value: Buffer.from(JSON.stringify(input)) };
    const use = DefinitionUse.fromPartial({
      definition: { name: "trip" },
      input: Payload.fromPartial({ body }),
    });
    return definitions.specOf({ $case: "definition", value: use }, testContext());
  };
  const { spec } = await specOf({ city: "Bonn" });
  assert.equal(
    spec.input?.body?.$case === "inline" && Buffer.from(spec.input.body.value).toString(),
    '{"city":"Bonn","days":2}',
  );
  await assert.rejects(specOf({ days: 1 }), { code: "workflow.input_invalid" });
});
