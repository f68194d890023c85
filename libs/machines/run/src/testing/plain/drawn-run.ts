/**
 * A definition, the input of its run, the answers of agents, and the acts of people: all as data, so that it
 * can be reduced.
 */
import { isDeepStrictEqual } from "node:util";
import { checkDocument, type WorkflowDocument } from "@tutti/definitions";
import type { Json } from "@tutti/expressions";
import type { Act } from "./moments.ts";
import type { PlainOrder } from "./plain-run.ts";
import type { Script } from "./script.ts";

export interface DrawnRun {
  readonly document: WorkflowDocument;
  readonly input: Json;
  readonly script: Script;
  /** Acts of people, in order. */
  readonly acts: readonly PlannedAct[];
}

export interface PlannedAct {
  /** Delay after the previous act, as a share of the total time. */
  readonly after: number;
  readonly act: Act;
}

/** @param cached outputs that runs share */
export function orderOf(
  { document, input, script }: DrawnRun,
  cached: Map<string, Json[]>,
  incarnation = 1,
): PlainOrder {
  return { document, input, script, incarnation, cached };
}

/** Returns whether a definition can be run at all. */
export function isRunnable({ document }: Pick<DrawnRun, "document">): boolean {
  const { definition, problems } = checkDocument(document);
  return definition?.plan !== undefined && problems.every(({ severity }) => severity !== "error");
}

/** Yields all runs that are a little smaller and can still be executed. */
function* smallerRuns(run: DrawnRun): Generator<DrawnRun> {
  const { document, script, acts } = run;
  for (const index of acts.keys()) yield { ...run, acts: acts.toSpliced(index, 1) };
  for (const smaller of without(document as never)) {
    const candidate = { ...run, document: smaller as unknown as WorkflowDocument };
    if (continuesAs(document, candidate.document) && isRunnable(candidate)) yield candidate;
  }
  for (const smaller of without(script as never)) {
    const smallerScript = smaller as unknown as Script;
    if (isScript(smallerScript)) yield { ...run, script: smallerScript };
  }
}

/**
 * Returns whether the continuation is unchanged or absent: with part of it removed, the run would continue
 * for ever.
 */
function continuesAs(before: WorkflowDocument, { continueAsNew }: WorkflowDocument): boolean {
  return continueAsNew === undefined || isDeepStrictEqual(continueAsNew, before.continueAsNew);
}

const answerKinds = ["gives", "echoes", "fails", "hangs", "dies"] as const;

function isScript(script: Script): boolean {
  return Object.values(script)
    .flat()
    .every((answer) => answerKinds.some((kind) => kind in answer));
}

/** Yields values with one member or one entry less, at any depth. */
function* without(value: Json): Generator<Json> {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      yield value.toSpliced(index, 1);
      for (const smaller of without(item)) yield value.with(index, smaller);
    }
  } else if (typeof value === "object" && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      const { [key]: _, ...others } = value as { readonly [key: string]: Json };
      yield others;
      for (const smaller of without(item)) yield { ...value, [key]: smaller };
    }
  }
}

/** Returns the smallest run that still fails. */
export async function smallestRun(
  run: DrawnRun,
  fails: (candidate: DrawnRun) => boolean | Promise<boolean>,
): Promise<DrawnRun> {
  for (const candidate of smallerRuns(run)) if (await fails(candidate)) return smallestRun(candidate, fails);
  return run;
}
