// The reference of files other than workflows that `tutti apply` and `tutti run` read. It is generated from their JSON
// Schemas and from checker messages about a mistake.
import {
  adapterJsonSchema,
  checkAdapterText,
  checkScheduleText,
  checkSessionText,
  checkSourceText,
  checkTriggerText,
  formatWithoutPlace,
  scheduleJsonSchema,
  sessionJsonSchema,
  sourceJsonSchema,
  triggerJsonSchema,
} from "../../libs/definitions/src/index.ts";
import { cell, isConstruct, tableOf } from "./language.mjs";

const kinds = [
  {
    name: "session",
    schema: sessionJsonSchema,
    check: checkSessionText,
    mistake: "session: report\nmode: fast\ntasks: {write: {uses: text.write}}",
    guide: "sessions.md#session-files",
  },
  {
    name: "schedule",
    schema: scheduleJsonSchema,
    check: checkScheduleText,
    mistake: "schedule: nightly\nworkflow: report\ncron: 0 25 * * *",
    guide: "workflows.md#schedules",
  },
  {
    name: "trigger",
    schema: triggerJsonSchema,
    check: checkTriggerText,
    mistake: "trigger: orders\nworkflow: order\nevent: shop.order.created\nif: event.data.total >",
    guide: "triggers.md",
  },
  {
    name: "source",
    schema: sourceJsonSchema,
    check: checkSourceText,
    mistake: "source: inbox\nevent: shop.file.arrived\nfolder: {inbox: 1}",
    guide: "files.md",
  },
  {
    name: "adapter",
    schema: adapterJsonSchema,
    check: checkAdapterText,
    mistake: "adapter: bank\nhttp: {operations: {}}",
    guide: "adapters.md#adapters-in-files",
  },
];

export function filesPage() {
  return [
    "# Files",
    "",
    "The files next to [workflows](language/README.md): their keys, and the messages of the check. `tutti apply` registers them, and",
    "`tutti validate` checks them. [The guide](../guides/apply.md) shows how a folder of them becomes an installation.",
    ...kinds.flatMap(sectionOf),
    "",
  ].join("\n");
}

/** @param {typeof kinds[number]} kind */
function sectionOf({ name, schema: schemaOf, check, mistake, guide }) {
  const schema = schemaOf();
  const { problems } = check({ format: "yaml", text: `${mistake}\n`, fileName: `${name}.yaml` });
  if (problems.length === 0) throw new Error(`expected a mistake in ${JSON.stringify(mistake)}`);
  const parts = Object.entries(schema.$defs ?? {}).filter(
    ([part, shape]) => !isConstruct(part) && Object.keys(shape.properties ?? {}).length > 0,
  );
  return [
    "",
    `## ${name}`,
    "",
    `${cell(schema.description)} [Guide](../guides/${guide}), [JSON Schema](${name}.schema.json).`,
    "",
    ...tableOf(schema, link),
    ...parts.flatMap(([part, shape]) => [
      "",
      `### ${name}: ${titleOf(part)}`,
      "",
      ...(shape.description ? [cell(shape.description), ""] : []),
      ...tableOf(shape, link),
    ]),
    "",
    "This file",
    "",
    "```text",
    mistake,
    "```",
    "",
    "gives:",
    "",
    "```text",
    ...problems.slice(0, 3).map((problem) => formatWithoutPlace(problem)),
    "```",
  ];

  /** @param {string} part */
  function titleOf(part) {
    return part.replace(`${name}-`, "");
  }

  /** @param {string} part @param {string | undefined} page of the workflow language */
  function link(part, page) {
    return page === undefined
      ? `[${titleOf(part)}](#${name}-${titleOf(part).toLowerCase()})`
      : `[${part}](language/${page}.md)`;
  }
}
