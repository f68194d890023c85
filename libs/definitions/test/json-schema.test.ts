import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { languageJsonSchema } from "../src/index.ts";
import { documents } from "./documents.fixture.ts";
import { shapeFits } from "./json-schema.fixture.ts";
import { definitionOf, everything, machine } from "./language.fixture.ts";
import { mutated } from "./mutations.fixture.ts";

describe("the JSON Schema of the language", () => {
  const schema = languageJsonSchema();
  const validate = new Ajv2020({ strict: false, allErrors: false }).compile(schema as object);

  it("accepts each document that the checker accepts", () => {
    for (const text of [everything, machine])
      assert.ok(validate(definitionOf(text).document), JSON.stringify(validate.errors));
    fc.assert(
      fc.property(documents, (document) => {
        assert.ok(shapeFits(document));
        assert.ok(validate(document), JSON.stringify(validate.errors));
      }),
      { numRuns: 100, seed: 4 },
    );
  });

  it("rejects exactly the documents that the checker rejects", () => {
    let refused = 0;
    fc.assert(
      fc.property(documents, fc.nat(), (document, seed) => {
        const changed = mutated(document, seed);
        const fits = shapeFits(changed);
        if (!fits) refused += 1;
        assert.equal(validate(changed), fits, JSON.stringify({ changed, errors: validate.errors }));
      }),
      { numRuns: 800, seed: 4 },
    );
    assert.ok(refused > 200, `a good part of them is refused: ${refused}`);
  });

  it("describes every key", () => {
    const undescribed: string[] = [];
    const walk = (part: unknown, path: string): void => {
      if (typeof part !== "object" || part === null) return;
      for (const [key, value] of Object.entries(part)) {
        if (key === "properties" && !path.includes("schema"))
          for (const [name, property] of Object.entries(value as object))
            if (!JSON.stringify(property).includes('"description"') && !("$ref" in (property as object)))
              undescribed.push(`${path}.${name}`);
        walk(value, `${path}.${key}`);
      }
    };
    walk(schema, "");
    assert.deepEqual(undescribed, []);
  });
});
