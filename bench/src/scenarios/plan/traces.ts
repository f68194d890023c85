import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Graph } from "@tutti/planner";
import { Absent } from "../../scenario.ts";

/** Default directory, next to the clone. */
export const usualTraces = fileURLToPath(new URL("../../../../../shared/data/wfcommons", import.meta.url));

/** A recorded workflow, with the durations of its tasks. */
export interface Trace {
  readonly name: string;
  readonly graph: Graph;
  readonly sizesMs: readonly number[];
  /** Kind of each task: `mProject`, `NFCORE_RNASEQ.RNASEQ.FASTQC`. */
  readonly kinds: readonly string[];
  readonly inputBytes: readonly number[];
  /** Machine of each task. Empty if not recorded. */
  readonly machines: readonly string[];
  /** Key of each task that an author would name: the part of a genome. Empty without one. */
  readonly keys: readonly string[];
}

interface WfFormat {
  readonly workflow: {
    readonly specification: {
      readonly tasks: readonly SpecifiedTask[];
      readonly files?: readonly { readonly id: string; readonly sizeInBytes?: number }[];
    };
    readonly execution: { readonly tasks: readonly ExecutedTask[] };
  };
}

interface SpecifiedTask {
  readonly id: string;
  readonly name: string;
  readonly children: readonly string[];
  readonly inputFiles?: readonly string[];
}

interface ExecutedTask {
  readonly id: string;
  readonly runtimeInSeconds?: number;
  readonly command?: { readonly program?: string; readonly arguments?: readonly string[] };
  readonly machines?: readonly string[];
}

/** Reads all instances of WfCommons (WfFormat 1.5) in a directory, by name. */
export function tracesIn(directory: string): readonly Trace[] {
  let files: readonly string[];
  try {
    files = readdirSync(directory).filter((file) => file.endsWith(".json"));
  } catch {
    files = [];
  }
  if (files.length === 0)
    throw new Absent(`no traces of WfCommons in ${directory}. Pass their directory: --traces DIR`);
  return files.toSorted().map((file) => traceOf(file.replace(/\.json$/, ""), `${directory}/${file}`));
}

function traceOf(name: string, path: string): Trace {
  const { workflow } = JSON.parse(readFileSync(path, "utf8")) as WfFormat;
  const { tasks, files = [] } = workflow.specification;
  const executed = new Map(workflow.execution.tasks.map((task) => [task.id, task]));
  const numbers = new Map(tasks.map(({ id }, number) => [id, number]));
  const bytes = new Map(files.map(({ id, sizeInBytes = 0 }) => [id, sizeInBytes]));
  const offsets = [0];
  const targets: number[] = [];
  for (const { children } of tasks) {
    for (const child of children) {
      const number = numbers.get(child);
      if (number !== undefined) targets.push(number);
    }
    offsets.push(targets.length);
  }
  return {
    name,
    graph: { offsets, targets },
    sizesMs: tasks.map(({ id }) => 1_000 * (executed.get(id)?.runtimeInSeconds ?? 0)),
    kinds: tasks.map((task) => kindOf(task, executed.get(task.id))),
    inputBytes: tasks.map(({ inputFiles = [] }) =>
      inputFiles.reduce((sum, file) => sum + (bytes.get(file) ?? 0), 0),
    ),
    machines: tasks.map(({ id }) => executed.get(id)?.machines?.[0] ?? ""),
    keys: tasks.map(({ id }) => keyOf(executed.get(id))),
  };
}

/** Returns the kind. Pegasus numbers tasks, or names them by program and files. Nextflow names them by their process. */
function kindOf({ name }: SpecifiedTask, executed: ExecutedTask | undefined): string {
  const program = executed?.command?.program ?? "";
  return /^[\w-]+$/.test(program) && name.startsWith(program) ? program : name.replace(/_ID\d+$/, "");
}

/** Returns the chromosome, if the command has one. */
function keyOf({ command }: Partial<ExecutedTask> = {}): string {
  const { program = "", arguments: args = [] } = command ?? {};
  if (program === "individuals") return args[1] ?? "";
  const at = args.findIndex((arg) => arg === "-L" || arg === "-c");
  return at < 0 ? "" : (args[at + 1] ?? "");
}
