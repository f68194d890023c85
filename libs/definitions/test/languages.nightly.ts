import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { languageJsonSchema, printDefinition } from "../src/index.ts";
import { readBack } from "./conversions.fixture.ts";
import { documents } from "./documents.fixture.ts";
import { shapeFits } from "./json-schema.fixture.ts";
import { mutated } from "./mutations.fixture.ts";

describe("ten thousand documents", () => {
  it("are the same in YAML and in JSON", () => {
    fc.assert(
      fc.property(documents, (document) => {
        assert.deepEqual(readBack(printDefinition(document, "yaml"), "yaml"), document);
        assert.deepEqual(readBack(printDefinition(document, "json"), "json"), document);
      }),
      { numRuns: 5_000, seed: 5 },
    );
  });

  it("are accepted or rejected by the JSON Schema as by the checker", () => {
    const validate = new Ajv2020({ strict: false }).compile(languageJsonSchema() as object);
    fc.assert(
      fc.property(documents, fc.nat(), (document, seed) => {
        const changed = mutated(document, seed);
        assert.equal(
          validate(changed),
          shapeFits(changed),
          JSON.stringify({ changed, errors: validate.errors }),
        );
      }),
      { numRuns: 10_000, seed: 5 },
    );
  });
});
