/** Checks and draws definitions locally. A separate chunk, loaded when a definition is checked. */
import { enumName } from "@tutti/contracts/enum";
import { TaskKind } from "@tutti/contracts/workflow/v1";
import {
  type CheckedAdapter,
  type CheckedSource,
  checkAdapterText,
  checkScheduleText,
  checkSessionText,
  checkSourceText,
  checkText,
  checkTriggerText,
  type Definition,
  type DefinitionProblem,
  documentsOf,
  graphOf,
  isAdapterText,
  isScheduleText,
  isSessionText,
  isSourceText,
  isTriggerText,
} from "@tutti/definitions";
import type { Json } from "../command/input.ts";
import type { WorkflowView } from "../drawing/workflow-frame.ts";
import type { SourceFile } from "./definition-file.ts";

export interface Checked {
  readonly file: SourceFile;
  readonly problems: readonly DefinitionProblem[];
  /** Undefined after an error, and for the file of a session, schedule, trigger, source or adapter. */
  readonly definition: Definition | undefined;
}

/** Checks a definition or the file of a session, schedule, trigger, source or adapter. Parameters fill in a template. */
export function checkFile(file: SourceFile, parameters?: Json): Checked {
  if (isSessionText(file)) return { file, problems: checkSessionText(file).problems, definition: undefined };
  if (isScheduleText(file))
    return { file, problems: checkScheduleText(file).problems, definition: undefined };
  if (isTriggerText(file)) return { file, problems: checkTriggerText(file).problems, definition: undefined };
  if (isSourceText(file)) return { file, problems: checkSourceText(file).problems, definition: undefined };
  if (isAdapterText(file)) return { file, problems: checkAdapterText(file).problems, definition: undefined };
  const { problems, definition } = checkText(file, parameters === undefined ? {} : { parameters });
  return { file, problems, definition };
}

/** Checks every source of a file. */
export function checkSources(file: SourceFile): readonly (CheckedSource & { readonly file: SourceFile })[] {
  return partsOf(file).map((part) => ({ file: part, ...checkSourceText(part) }));
}

/** Checks every adapter of a file. */
export function checkAdapters(file: SourceFile): readonly (CheckedAdapter & { readonly file: SourceFile })[] {
  return partsOf(file).map((part) => ({ file: part, ...checkAdapterText(part) }));
}

function partsOf(file: SourceFile): readonly SourceFile[] {
  const documents = documentsOf(file);
  return documents.length === 0 ? [file] : documents.map((document) => ({ ...file, ...document }));
}

/** Returns the parameters of a template that is not filled in. Undefined for other definitions. */
export function parametersMissing({ document, plan }: Definition): readonly string[] | undefined {
  if (plan !== undefined) return undefined;
  const schema = document.parameters?.schema;
  const { properties } = schema as { readonly properties?: Readonly<Record<string, Json>> };
  return Object.keys(properties ?? {});
}

/** Returns the graph of a definition without errors. A template has no graph before it is filled in. */
export function graphView({ document, plan }: Definition): WorkflowView {
  const name = document.workflow;
  if (plan === undefined)
    return { name, nodes: [], criticalPath: [], criticalPathMs: 0, workMs: 0, width: 0, depth: 0 };
  const { nodes, ...graph } = graphOf(plan);
  return {
    ...graph,
    name,
    nodes: nodes.map(({ taskId, title, kind, uses, needs, backTo, expectedMs, forEach, compensated }) => ({
      id: taskId,
      title,
      uses,
      backTo,
      expectedMs,
      forEach,
      compensated,
      kind: enumName(TaskKind, kind).replace("TASK_KIND_", "").toLowerCase(),
      needs: needs.map(({ task }) => task),
    })),
  };
}
