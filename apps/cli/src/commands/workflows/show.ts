import type { Definition } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import type { Result } from "../../command/presenter.ts";
import { connect } from "../../server/server.ts";
import type { Entry } from "../../terminal/table.ts";
import { safe } from "../../terminal/text.ts";
import { printAge } from "../../terminal/time.ts";
import { definitionNamed } from "../definition.ts";

/** Shows a registered workflow: its version, its input, and the command that starts it. */
export async function showWorkflow(context: Context): Promise<Result> {
  const { values, print, shell } = context;
  const server = await connect(context);
  const { name, ...version } = definitionNamed(values.argument("NAME"));
  const definition: Definition = await server.call("workflows.get", {
    params: { name },
    query: { ...server.namespace, withSource: true, ...version },
  });
  const { description = "", hash = "", versionLabels, uses, entries, createTimeMs, createCause } = definition;
  const namesOf = (kind: string) =>
    entries
      .filter((entry) => entry.kind === kind)
      .map((entry) => entry.name)
      .join(", ");
  return {
    json: definition,
    quiet: [hash],
    draw: () => {
      print.line(print.style.bold(safe(name)));
      if (description !== "") print.line(safe(description));
      print.line("");
      const author = createCause?.actor?.id;
      print.facts([
        ["version", hash],
        ["labels", versionLabels.join(", ")],
        ["archived", definition.archived === true ? "yes. No new run starts" : ""],
        ["tasks", String(definition.taskCount ?? 0)],
        ["active runs", String(definition.liveCount ?? 0)],
        ["uses", uses.join(", ")],
        ["signals", namesOf("signal")],
        ["queries", namesOf("query")],
        ["updates", namesOf("update")],
        [
          "registered",
          createTimeMs === undefined
            ? ""
            : `${printAge(createTimeMs, shell.nowMs())}${author === undefined ? "" : ` by ${author}`}`,
        ],
      ]);
      const fields = fieldsOf(definition.inputSchema);
      if (fields.length > 0) {
        print.line("");
        print.table(
          [
            { title: "input", widthMin: 8 },
            { title: "type", widthMin: 6 },
            { title: "default", yields: 1, widthMin: 7 },
            { title: "about", yields: 2, widthMin: 16 },
          ],
          fields.map(rowOf),
        );
      }
      const input = fields.filter(({ isRequired }) => isRequired).map((field) => ` ${field.name}=…`);
      print.line("");
      print.line(`Start a run: tutti run ${safe(values.argument("NAME"))}${safe(input.join(""))}`);
      print.line(`Print the definition: tutti workflow convert ${safe(values.argument("NAME"))}`);
    },
  };
}

interface Field {
  readonly name: string;
  readonly type: string;
  readonly isRequired: boolean;
  readonly initial: string;
  readonly about: string;
}

/** Returns the top-level fields of the input. */
function fieldsOf(schemaText: string | undefined): readonly Field[] {
  if (schemaText === undefined || schemaText === "") return [];
  const { properties = {}, required = [] } = JSON.parse(schemaText) as {
    readonly properties?: Readonly<Record<string, unknown>>;
    readonly required?: readonly string[];
  };
  return Object.entries(properties).map(([name, schema]) => {
    const { type, enum: choices, description, default: initial } = Object(schema) as SchemaOfField;
    return {
      name,
      type: choices?.map((choice) => JSON.stringify(choice)).join(", ") ?? [type ?? "any"].flat().join(", "),
      isRequired: required.includes(name),
      initial: initial === undefined ? "" : JSON.stringify(initial),
      about: description ?? "",
    };
  });
}

interface SchemaOfField {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly description?: string;
  readonly default?: unknown;
}

function rowOf({ name, type, isRequired, initial, about }: Field): readonly Entry[] {
  return [
    { text: name, tone: "bold" },
    { text: type, tone: "dim" },
    { text: isRequired ? "required" : initial, tone: "dim" },
    { text: about, tone: "dim" },
  ];
}
