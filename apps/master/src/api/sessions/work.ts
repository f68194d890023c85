/** The work of a session at its start: tasks as written or of a definition, or a goal, all looked up. */
import type { SessionSpec } from "@tutti/contracts/session/v1";
import type { DefinitionUse, TaskList } from "@tutti/contracts/types/v1";
import { type DefinitionSource, SourceFormat } from "@tutti/contracts/workflow/v1";
import { checkText, requireInputOfSchema, taskSpecsOf, withNeedConditions } from "@tutti/definitions";
import type { CallContext } from "@tutti/kernel";
import { sessionServiceErrors } from "../../sessions/errors.ts";
import type { SessionDependencies } from "./dependencies.ts";

interface Resolved {
  readonly spec: SessionSpec;
  /** Name of the definition, and hash of the version. Empty without a definition. */
  readonly definition: string;
  readonly hash: string;
}

export async function resolved(
  dependencies: SessionDependencies,
  spec: SessionSpec,
  context: CallContext,
): Promise<Resolved> {
  switch (spec.work?.$case) {
    case "goal": {
      const { value } = spec.work;
      // The requested planner stays known after a change of the configuration.
      const goal = { ...value, planner: value.planner || dependencies.planner };
      return { spec: { ...spec, work: { $case: "goal", value: goal } }, definition: "", hash: "" };
    }
    case "definition":
      return ofDefinition(dependencies, spec, spec.work.value, context);
    case "tasks": {
      const value = { ...spec.work.value, tasks: withNeedConditions(spec.work.value.tasks) };
      return { spec: { ...spec, work: { $case: "tasks", value } }, definition: "", hash: "" };
    }
    default:
      return { spec, definition: "", hash: "" };
  }
}

async function ofDefinition(
  { definitions }: SessionDependencies,
  spec: SessionSpec,
  use: DefinitionUse,
  context: CallContext,
): Promise<Resolved> {
  const { namespace } = context;
  const request = { namespace, definition: use.definition, withSource: true, withoutLiveCount: true };
  const { definition: found } = await definitions.getDefinition(request, { context });
  const { name = "", hash = "", source, inputSchema = "" } = found ?? {};
  const input =
    use.input?.body?.$case === "blob"
      ? use.input
      : requireInputOfSchema(inputSchema, use.input, "spec.definition.input");
  const value: TaskList = { ...tasksIn(name, source), input };
  return { spec: { ...spec, work: { $case: "tasks", value } }, definition: name, hash };
}

function tasksIn(name: string, source: DefinitionSource | undefined): Omit<TaskList, "input"> {
  const format = source?.format === SourceFormat.SOURCE_FORMAT_JSON ? "json" : "yaml";
  const { text = "", fileName = "" } = source ?? {};
  const { definition } = checkText({ format, text, fileName });
  const specs = definition === undefined ? { problem: "no tasks" } : taskSpecsOf(definition, "session");
  if ("problem" in specs) throw sessionServiceErrors.definitionUnfit({ name, problem: specs.problem });
  const { output } = definition?.document ?? {};
  const declared = output ?? "";
  return { tasks: specs.tasks, output: typeof declared === "string" ? declared : JSON.stringify(declared) };
}
