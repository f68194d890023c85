// From the contracts and the table of routes to libs/rest/src/generated.
import { ownRoutes, ownSchemas } from "../../libs/rest/src/plan/own.ts";
import { planOf } from "../../libs/rest/src/plan/plan.ts";
import { routes } from "../../libs/rest/src/routes/routes.ts";
import { generatedHeader } from "./names.mjs";
import { restSchema } from "./rest-schema.mjs";
import { restTypes } from "./rest-types.mjs";

/** The generated files of the library by their paths. */
export function restModules(image, rules) {
  const { schema, words, events } = restSchema(image, rules, routes);
  return new Map([
    ["schema.ts", schemaModule(schema)],
    ["words.ts", wordsModule(words)],
    ["run-events.ts", eventsModule(events)],
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

/** Apart from the tables: only who describes the routes needs them. */
function wordsModule(words) {
  return [
    generatedHeader,
    'import type { Words } from "../plan/schema.ts";',
    "",
    `export const words: Words = ${JSON.stringify(words, undefined, 1)};`,
    "",
  ].join("\n");
}

/** What happens to runs, by the type that histories have it under. */
function eventsModule(events) {
  const entries = events.map((type) => {
    const name = type.slice(type.lastIndexOf(".") + 1);
    const [, what = "", version = ""] = /^(\w+?)V(\d+)$/.exec(name) ?? [];
    const key = what.replace(/[A-Z]/g, (letter, at) => `${at === 0 ? "" : "_"}${letter.toLowerCase()}`);
    return `  ${JSON.stringify(`${key}@${version}`)}: ${JSON.stringify(name)},`;
  });
  return [generatedHeader, "export const runEvents = {", ...entries, "} as const;", ""].join("\n");
}
