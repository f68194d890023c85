/** Workflows as tools: the name of the tool is the name of the workflow, its schemas are those of the definition. */
import { isInternal } from "@tutti/kernel";
import type { Definition } from "@tutti/rest/types";
import { isObject, type Json } from "./protocol.ts";

/** As the protocol recommends it. The names of workflows that are longer are no tools. */
const toolName = /^[\w.-]{1,128}$/;

/** Whether a run of it can be started with an input alone. */
export function isTool(definition: Definition): boolean {
  const { name, kind, archived = false, parameterSchema = "" } = definition;
  if (isInternal(definition)) return false;
  const isRun = kind === "tasks" || kind === "states" || kind === "code";
  return isRun && !archived && parameterSchema === "" && toolName.test(name);
}

export function workflowTool(definition: Definition): Json {
  const { name, description = "", inputSchema, outputSchema } = definition;
  const output = schemaIn(outputSchema);
  return {
    name,
    description: description === "" ? `Run the workflow ${name}.` : description,
    inputSchema: toolInput(schemaIn(inputSchema)),
    ...(output?.["type"] === "object" && { outputSchema: output }),
    annotations: { readOnlyHint: false, openWorldHint: true },
    execution: { taskSupport: "optional" },
  };
}

/** Arguments of a tool are an object. The input of a workflow may be anything: then it is the argument `input`. */
function toolInput(schema: Json | undefined): Json {
  if (schema === undefined) return { type: "object" };
  if (schema["type"] === "object") return schema;
  return { type: "object", properties: { input: schema }, required: ["input"], additionalProperties: false };
}

/** The input of a run, from the arguments of its tool. */
export function inputOf({ inputSchema }: Definition, args: Json): unknown {
  const schema = schemaIn(inputSchema);
  return schema === undefined || schema["type"] === "object" ? args : args["input"];
}

function schemaIn(text: string | undefined): Json | undefined {
  if (text === undefined || text === "") return undefined;
  const schema: unknown = JSON.parse(text);
  return isObject(schema) ? schema : undefined;
}
