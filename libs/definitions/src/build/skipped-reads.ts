/**
 * Expressions that read the output of a task that can be skipped. Then the output has no value, and the expression
 * fails: in `output` it fails the run, in `with` the task. Needs that a reference implies are excluded: their task is
 * skipped as well.
 */
import type { Json } from "@tutti/expressions";
import { needConditions, type PlanTask } from "../plan/plan.ts";
import type { Path } from "../problem.ts";
import type { Building, Draft } from "./building.ts";

const success = needConditions.indexOf("success");
const failure = needConditions.indexOf("failure");
const always = needConditions.indexOf("always");

/** 0 for a task that is never skipped, 1 if its own condition can skip it, 2 if a need can. */
type Skips = Uint8Array;

export interface SkippedReadsOptions {
  readonly building: Building;
  readonly tasks: readonly PlanTask[];
  /** Numbers of tasks, each after its needs. */
  readonly order: readonly number[];
  readonly root: number;
  readonly output: Json | undefined;
}

export function warnOfSkippedReads({ building, tasks, order, root, output }: SkippedReadsOptions): void {
  const skips = skipsOf(building, tasks, order);
  const outside = building.namesOf(root).numbers;
  for (const { id, path } of readsIn(output ?? null, ["output"])) {
    const number = outside.get(id);
    if (number !== undefined && skips[number] !== 0) warn(building, path, { id, end: "the run fails" });
  }
  for (const draft of building.drafts) {
    const { document, needs } = draft;
    if (document.with === undefined) continue;
    const { numbers } = building.namesOf(draft.scope);
    for (const { id, path } of readsIn(document.with as Json, [...draft.path, "with"])) {
      const number = numbers.get(id) ?? -1;
      const condition = needs.get(number);
      const runsAnyway = condition !== undefined && condition !== success && condition !== failure;
      if (runsAnyway && skips[number] !== 0) warn(building, path, { id, end: "this task fails" });
    }
  }
}

function warn(
  building: Building,
  path: Path,
  { id, end }: { readonly id: string; readonly end: string },
): void {
  const message = `\`${id}\` can be skipped. It has no output then, and ${end}. Guard it with \`has(tasks.${id}.output)\``;
  building.findings.warning("skipped_output", path, message);
}

function skipsOf(building: Building, tasks: readonly PlanTask[], order: readonly number[]): Skips {
  const skips = new Uint8Array(building.drafts.length);
  for (const number of order) {
    const draft = building.drafts[number];
    if (draft === undefined) continue;
    const when = building.programs.programs[tasks[number]?.when ?? -1];
    if (when !== undefined && !(when.form === "constant" && when.source !== false)) skips[number] = 1;
    for (const [needed, condition] of draft.needs)
      if (condition !== always && canMiss(building.drafts[needed], { condition, skip: skips[needed] ?? 0 }))
        skips[number] = 2;
  }
  return skips;
}

/** Returns whether the need can remain unmet in a run that completes. */
function canMiss(
  needed: Draft | undefined,
  { condition, skip }: { readonly condition: number; readonly skip: number },
): boolean {
  if (condition === failure || needed?.document.mayFail === true) return true;
  return condition === success ? skip !== 0 : skip === 2;
}

interface Read {
  readonly id: string;
  readonly path: Path;
}

/** Yields the outputs that texts of a value read without a check that they exist. */
function* readsIn(value: Json, path: Path): Generator<Read> {
  if (typeof value === "string") {
    if (!value.includes("${{") || guarded.test(value)) return;
    const ids = new Set([...value.matchAll(outputs)].map(([, id = ""]) => id));
    for (const id of ids) yield { id, path };
  } else if (Array.isArray(value)) {
    for (const [index, each] of value.entries()) yield* readsIn(each, [...path, index]);
  } else if (typeof value === "object" && value !== null)
    for (const [name, each] of Object.entries(value)) yield* readsIn(each as Json, [...path, name]);
}

const outputs = /\btasks\.([A-Za-z_][\w-]*)\.output\b/g;
/** Any condition counts as a guard: a false warning costs more than a missing one. */
const guarded = /\bhas\(|\?|\.status\b|\.error\b|&&|\|\|/;
