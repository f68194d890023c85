// Generates libs/rest/src/generated from the contracts and the table of routes.
import { ownRoutes, ownSchemas } from "../../libs/rest/src/plan/own.ts";
import { planOf } from "../../libs/rest/src/plan/plan.ts";
import { routes } from "../../libs/rest/src/routes/routes.ts";
import { generatedHeader } from "./names.mjs";
import { restSchema } from "./rest-schema.mjs";
import { restTypes } from "./rest-types.mjs";

/** Returns the generated files of the library by path. */
export function restModules(image, rules) {
  const { schema, words } = restSchema(image, rules, routes);
  return new Map([
    ["schema.ts", schemaModule(schema)],
    ["words.ts", wordsModule(words)],
    ["keyed.ts", keyedModule(schema)],
    ["types.ts", restTypes({ routes, schema, words, planOf, own: { ownRoutes, ownSchemas } })],
  ]);
}

function schemaModule(schema) {
  return [
    generatedHeader,
    'import type { Schema } from "../plan/schema.ts";',
    "",
    `export const schema: Schema = ${JSON.stringify(schema)};`,
    "",
  ].join("\n");
}

/** Returns the module with the routes that take an idempotency key. Separate, because clients have no other table. */
function keyedModule(schema) {
  const keyed = routes.filter(
    (route) =>
      route.rpc !== undefined &&
      schema.rpcs[route.rpc].repeat === "keyed" &&
      planOf(route, schema).key !== undefined,
  );
  return [
    generatedHeader,
    "/** Routes whose calls take effect once by their idempotency key. */",
    `export const keyedRoutes: ReadonlySet<string> = new Set(${JSON.stringify(keyed.map(({ name }) => name))});`,
    "",
  ].join("\n");
}

/** Returns the module with the descriptions. Separate from the tables, because only the OpenAPI document needs it. */
function wordsModule(words) {
  return [
    generatedHeader,
    'import type { Words } from "../plan/schema.ts";',
    "",
    `export const words: Words = ${JSON.stringify(words, undefined, 1)};`,
    "",
  ].join("\n");
}
