/** The specification of a mission at its start: as written, or made of a definition and its tasks. */
import { MissionSpec, type StartMissionRequest } from "@tutti/contracts/swarm/v1";
import type { DefinitionUse } from "@tutti/contracts/types/v1";
import { type DefinitionSource, type definitionService, SourceFormat } from "@tutti/contracts/workflow/v1";
import { checkText, type Definition, requireInputOfSchema, taskSpecsOf } from "@tutti/definitions";
import type { CallContext } from "@tutti/kernel";
import type { Client } from "@tutti/mesh";
import { missionServiceErrors } from "./errors.ts";

export interface Specified {
  readonly spec: MissionSpec;
  /** Name of the definition, and hash of the version. Empty without a definition. */
  readonly definition: string;
  readonly hash: string;
}

const plansMax = 100;

export class Definitions {
  readonly #definitions: Pick<Client<typeof definitionService>, "getDefinition">;
  /** By hash, the last read at the end: children use the same definitions again and again. */
  readonly #known = new Map<string, MissionSpec>();

  constructor(definitions: Pick<Client<typeof definitionService>, "getDefinition">) {
    this.#definitions = definitions;
  }

  async specOf(source: StartMissionRequest["what"], context: CallContext): Promise<Specified> {
    if (source?.$case === "definition") return this.#ofDefinition(source.value, context);
    return { spec: source?.value ?? MissionSpec.create(), definition: "", hash: "" };
  }

  async #ofDefinition(use: DefinitionUse, context: CallContext): Promise<Specified> {
    const { namespace } = context;
    const request = { namespace, definition: use.definition, withSource: true, withoutLiveCount: true };
    const { definition: found } = await this.#definitions.getDefinition(request, { context });
    const { name = "", hash = "", source, inputSchema = "" } = found ?? {};
    const known = this.#known.get(hash) ?? specIn(name, source);
    this.#known.set(hash, known);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= plansMax) break;
      this.#known.delete(oldest);
    }
    const input =
      use.input?.body?.$case === "blob"
        ? use.input
        : requireInputOfSchema(inputSchema, use.input, "definition.input");
    return { spec: { ...known, input }, definition: name, hash };
  }
}

function specIn(name: string, source: DefinitionSource | undefined): MissionSpec {
  const format = source?.format === SourceFormat.SOURCE_FORMAT_JSON ? "json" : "yaml";
  const { text = "", fileName = "" } = source ?? {};
  const { definition } = checkText({ format, text, fileName });
  const specs = definition === undefined ? { problem: "no tasks" } : taskSpecsOf(definition);
  if ("problem" in specs || definition === undefined) {
    const problem = "problem" in specs ? specs.problem : "no tasks";
    throw missionServiceErrors.definitionUnfit({ name, problem });
  }
  return ofTasks(definition, specs.tasks);
}

function ofTasks({ document, plan }: Definition, tasks: MissionSpec["tasks"]): MissionSpec {
  const { pool = "", priority = 0, timeoutMs = 0, retentionMs = 0 } = plan?.run ?? {};
  const spec = MissionSpec.fromPartial({
    title: document.workflow,
    goal: document.description ?? "",
    pool,
    priority,
    timeoutMs,
    retentionMs,
    labels: { ...document.labels },
    output: outputIn(document.output),
  });
  spec.tasks = tasks;
  return spec;
}

/** Returns the output of a mission: one expression, or JSON with expressions in its texts. */
function outputIn(output: Definition["document"]["output"]): string {
  if (output === undefined || output === null) return "";
  const lone = typeof output === "string" ? /^\s*\$\{\{([\s\S]*)\}\}\s*$/.exec(output)?.[1] : undefined;
  return lone === undefined || lone.includes("${{") ? JSON.stringify(output) : lone.trim();
}
