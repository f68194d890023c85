import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as z from "zod";
import { configurationJsonSchema } from "./json-schema.ts";
import { renderConfigurationReference } from "./reference.ts";
import { defineSection } from "./section.ts";
import { sections } from "./sections.fixture.ts";

describe("the reference page of the configuration", () => {
  const page = renderConfigurationReference(sections);

  it("lists scopes and sections in order, and every key with its names, default and unit", () => {
    assert.deepEqual(
      page.split("\n").filter((line) => line.startsWith("#")),
      ["# Configuration", "## foundation", "### log", "## engines", "### registry"],
    );
    assert.ok(page.includes("What is logged, and how."));
    const lines = [
      "| `log.level` | one of `debug`, `info`, `warn` | `'info'` | yes | `TUTTI_LOG_LEVEL` | Least level that is written. |",
      "| `registry.leaseMs` | an integer from 1000 to 60000 (milliseconds) | `15000` | yes | `TUTTI_REGISTRY_LEASE_MS` | How long a lease lasts. |",
      "| `registry.token` | a reference to a secret (`env:NAME` or `file:/path`) | none | no | `TUTTI_REGISTRY_TOKEN` | Shows who we are. |",
      "| `registry.tls.certificate` | text | must be set | no | `TUTTI_REGISTRY_TLS_CERTIFICATE` | Path of the certificate. |",
    ];
    for (const line of lines) assert.ok(page.includes(`${line}\n`), line);
  });

  it("describes the expected value of each kind of schema", () => {
    const expects = (schema: z.ZodType) => {
      const section = defineSection({
        scope: "foundation",
        name: "x",
        schema: z.object({ key: schema.describe("It.") }),
      });
      return renderConfigurationReference([section]).match(/\| `x\.key` \| (.*?) \| (`|none|must)/)?.[1];
    };
    const table: readonly [z.ZodType, string][] = [
      [z.int(), "an integer"],
      [z.number().gt(0), "a number above 0"],
      [z.number().min(0).lt(1), "a number of at least 0 and below 1"],
      [z.number().max(5), "a number of at most 5"],
      [z.string().min(2).max(5), "text of 2 to 5 characters"],
      [z.string().max(5), "text of at most 5 characters"],
      [z.string().min(3), "text of at least 3 characters"],
      [z.string().regex(/^a$/), "text matching /^a$/"],
      [z.array(z.string().regex(/^a$/).meta({ title: "an a" })), "a list (each: an a)"],
      [z.union([z.literal(""), z.url()]), "nothing or text in the form of uri"],
      [z.url(), "text in the form of uri"],
      [z.literal("a"), "`a`"],
      [z.string().nullable(), "text or null"],
      [z.array(z.int()).min(1), "a list (not empty) (each: an integer)"],
      [z.array(z.strictObject({ a: z.int(), b: z.int() })), "a list (each: a mapping with `a`, `b`)"],
      [z.bigint(), "a value"],
    ];
    for (const [schema, text] of table) assert.equal(expects(schema), text);
  });

  it("keeps its table intact with any text in a description", () => {
    const schema = z.object({ key: z.string().describe("a | b\nc") });
    const line = renderConfigurationReference([defineSection({ scope: "foundation", name: "x", schema })]);
    assert.ok(line.includes("| a \\| b c |\n"));
  });
});

describe("the JSON Schema of the configuration file", () => {
  const schema = configurationJsonSchema(sections);

  /** Follows names through the mappings of the schema, as an editor does. */
  function at(...path: string[]) {
    let found: z.core.JSONSchema.BaseSchema | undefined = schema;
    for (const segment of path) {
      const next: unknown = opened(found)?.properties?.[segment];
      found = typeof next === "object" && next !== null ? { ...next } : undefined;
    }
    return opened(found);
  }

  function opened(found: z.core.JSONSchema.BaseSchema | undefined): z.core.JSONSchema.BaseSchema | undefined {
    const reference = found?.$ref?.replace("#/$defs/", "");
    const target: unknown = reference === undefined ? found : schema.$defs?.[reference];
    const resolved: z.core.JSONSchema.BaseSchema =
      typeof target === "object" && target !== null ? { ...target } : {};
    const [first] = resolved.anyOf ?? [];
    return typeof first === "object" ? { ...first } : resolved;
  }

  it("offers a section in its own scope and in later scopes", () => {
    const offered = ["foundation", "orchestration", "engines", "integration", "management"].map((scope) =>
      Object.keys(at(scope)?.properties ?? {}).join(),
    );
    assert.deepEqual(offered, ["log", "log", "log,registry", "log,registry", "log,registry"]);
  });

  it("describes each key, requires none, and refuses keys that are not declared", () => {
    const leaseMs = {
      default: 15_000,
      description: "How long a lease lasts.",
      type: "integer",
      minimum: 1_000,
      maximum: 60_000,
    };
    assert.deepEqual(at("engines", "registry", "leaseMs"), leaseMs);
    assert.equal(at("engines", "registry", "store", "kind")?.default, "memory");
    assert.equal(at("management", "registry", "token")?.pattern, "^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$");
    for (const level of [at(), at("engines"), at("engines", "registry"), at("engines", "registry", "tls")]) {
      assert.equal(level?.additionalProperties, false);
      assert.equal(level?.required, undefined);
    }
  });

  it("is plain JSON", () => {
    assert.deepEqual(JSON.parse(JSON.stringify(schema)), schema);
  });
});
