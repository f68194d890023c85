// Writes the tables of bus events: one module per area, and the table of all areas. A publisher loads only the messages
// of its own area, because all of them take megabytes.
import { Codecs, camelCase, generatedHeader, Imports } from "./names.mjs";

/** Returns the modules `events/v1/<area>.ts` by path, and the entries of `events/v1.ts` for all areas. */
export function eventCode(events) {
  const rows = [...events]
    .flatMap(([message, types]) => types.map((type) => ({ type, area: type.split(".")[1], message })))
    .sort((a, b) => (a.type < b.type ? -1 : 1));
  const areas = Map.groupBy(rows, ({ area }) => area);
  return {
    modules: [...areas].map(([area, ofArea]) => [`events/v1/${area}.ts`, areaModule(area, ofArea)]),
    all: allAreas([...areas.keys()]),
  };
}

function areaModule(area, rows) {
  const messages = new Imports("../");
  const codecs = new Codecs(messages);
  const { payloads, descriptions } = namesOf(area);
  const types = rows.map(({ type, message }) => `  readonly "${type}": ${messages.message(message)};`);
  const described = rows.map(({ type, message }) => {
    const name = messages.message(message);
    return `  "${type}": { type: "${type}", payload: ${codecs.of(message)}, toJson: (payload) => ${name}.toJSON(payload), fromJson: (json) => ${name}.fromJSON(json) },`;
  });
  return [
    generatedHeader,
    'import { codecOf } from "../../../codec.ts";',
    'import type { EventDescription } from "../../../event.ts";',
    ...messages.lines(""),
    "",
    ...codecs.lines(),
    "",
    `/** The payload of each event of the area ${area} by its type. */`,
    `export interface ${payloads} {`,
    ...types,
    "}",
    "",
    `export const ${descriptions}: { readonly [T in keyof ${payloads}]: EventDescription<${payloads}[T]> } = {`,
    ...described,
    "};",
    "",
  ].join("\n");
}

function allAreas(areas) {
  const names = areas.map((area) => ({ area, ...namesOf(area) }));
  return {
    imports: names.map(
      ({ area, payloads, descriptions }) =>
        `import { type ${payloads}, ${descriptions} } from "./v1/${area}.ts";`,
    ),
    code: [
      "/** The payload of each event by its type. */",
      `export interface EventPayloads extends ${names.map(({ payloads }) => payloads).join(", ")} {}`,
      "",
      "export type EventType = keyof EventPayloads;",
      "",
      "export const eventDescriptions: { readonly [T in EventType]: EventDescription<EventPayloads[T]> } = {",
      ...names.map(({ descriptions }) => `  ...${descriptions},`),
      "};",
    ].join("\n"),
  };
}

function namesOf(area) {
  const word = camelCase(area);
  return { payloads: `${word[0].toUpperCase()}${word.slice(1)}EventPayloads`, descriptions: `${word}Events` };
}
