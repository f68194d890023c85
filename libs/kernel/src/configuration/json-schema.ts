import type { z } from "zod";
import { jsonSchemaOf } from "./expectation.ts";
import { isBefore, type Scope, scopes } from "./scopes.ts";
import type { Key, KeyGroup, Section } from "./section.ts";

type JsonSchema = z.core.JSONSchema.BaseSchema;

/**
 * Returns the JSON Schema of `tutti.yaml`, for editors to complete and check it. Nothing is required in it, because
 * required keys may be set in another source. Rules over several keys are missing: loading checks them.
 */
export function configurationJsonSchema(sections: readonly Section[]): JsonSchema {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Configuration of Tutti",
    ...mapping(scopes.map((scope) => [scope, scopeSchema(scope, sections)])),
    $defs: Object.fromEntries(sections.map((section) => [section.name, sectionSchema(section)])),
  };
}

function scopeSchema(scope: Scope, sections: readonly Section[]): JsonSchema {
  const settable = sections.filter((section) => !isBefore(scope, section.scope));
  return orEmpty(mapping(settable.map(({ name }) => [name, { $ref: `#/$defs/${name}` }])));
}

function sectionSchema(section: Section): JsonSchema {
  const schema = groupSchema(section.root);
  return section.description ? { ...schema, description: section.description } : schema;
}

function groupSchema({ members }: KeyGroup): JsonSchema {
  return orEmpty(mapping([...members].map(([segment, member]) => [segment, memberSchema(member)])));
}

function memberSchema(member: Key | KeyGroup): JsonSchema {
  return member.kind === "group"
    ? groupSchema(member)
    : { ...jsonSchemaOf(member.schema), description: member.description };
}

function mapping(members: readonly (readonly [string, JsonSchema])[]): JsonSchema {
  return { type: "object", properties: Object.fromEntries(members), additionalProperties: false };
}

/** A heading without content is read as an empty mapping. */
function orEmpty(schema: JsonSchema): JsonSchema {
  return { anyOf: [schema, { type: "null" }] };
}
