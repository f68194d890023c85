/**
 * The names that an expression can see: names of the run, tasks of its own scope and of the enclosing scopes,
 * and names that its task adds.
 */

import type { ErrorDetail, Payload } from "@tutti/contracts/types/v1";
import type { PlanReference } from "@tutti/definitions";
import type { Json, Value } from "@tutti/expressions";
import type { ReadOnly } from "@tutti/kernel";
import { type Data, dataOf, parsed, taskStatusName } from "@tutti/machine-work";
import { stateOfKind } from "../state/kind-state.ts";
import { isAdded, nodeOfTask, rangeViewOf, statusOfNode } from "../state/places.ts";
import type { RangeView, RunView } from "../state/state.ts";
import { hasOutput, outputOf, outputValue } from "./outputs.ts";

interface StepBudget {
  /** Steps of expressions. */
  charge(steps: number): void;
}

export interface Scene {
  readonly run: RunView;
  /** Range of the expression. The first scope for expressions of the run. */
  readonly range: RangeView;
  /** Task of the expression; -1 for the run. */
  readonly node: number;
  /** Names that exist only here: `output`, `localValue`, `error`, `payload`, `signal`. */
  readonly names?: Readonly<Record<string, Value>>;
  /** Budget that evaluations are charged to, if the step is limited. */
  readonly budget?: StepBudget;
}

/** Returns the value of a reference. Undefined when it has none. Throws `UnreadableData`. */
export function valueOfReference(scene: Scene, { name, task, field }: PlanReference): Value | undefined {
  if (task >= 0) return valueOfTask(scene, visibleNode(scene, task), field);
  const localValue = scene.names?.[name];
  if (localValue !== undefined) return localValue;
  const { run } = scene;
  switch (name) {
    case "input":
      return parsed(inputOf(run));
    case "parameters":
      return parsed(run.order?.parameters);
    case "vars":
      return variables(run);
    case "run":
      return runValue(scene);
    case "item":
    case "index":
      return entryValue(scene, name);
    case "round":
      return roundValue(scene);
    case "feedback":
      return feedbackOf(scene);
    case "event":
      return parsed(around(scene, (range) => range.event) ?? (run.more?.states?.event as Data | undefined));
    default:
      return undefined;
  }
}

/** Returns the input of the run. */
export function inputOf({ order }: RunView): Data | undefined {
  return order === undefined ? undefined : dataOf(order.input, order.inputPayload as Payload | undefined);
}

/**
 * Returns the data of a reference without reading its value. Undefined if the data may change or is absent.
 */
export function dataOfReference(
  scene: Scene,
  { name, task, field }: PlanReference,
): { readonly data: Data | undefined } | undefined {
  if (task < 0) {
    if (name === "input") return { data: inputOf(scene.run) };
    return name === "parameters" ? { data: scene.run.order?.parameters } : undefined;
  }
  const node = visibleNode(scene, task);
  return node >= 0 && field === "output" && hasOutput(scene.run, node)
    ? { data: outputOf(scene.run, node) }
    : undefined;
}

/**
 * Returns the node of a task of the plan, as seen from a scene: in its own range or in an enclosing one; -1
 * for none.
 */
export function visibleNode({ run, range }: Scene, task: number): number {
  const { plan, planPlace } = range;
  const { scope } = plan.task(task);
  if (scope < 0) return outsideNode(run, range, task);
  let current = range;
  while (current.isEntries || current.scope !== scope || current.planPlace !== planPlace) {
    if (current.owner < 0) return -1;
    current = rangeViewOf(run, current.owner);
  }
  return nodeOfTask(current, task);
}

/** Returns the node that a task of an addition's plan refers to outside of the addition. */
function outsideNode(run: RunView, { plan, planPlace }: RangeView, task: number): number {
  const { tasks, outside } = plan.plan;
  return run.more?.additions[planPlace - 1]?.outside[task - (tasks.length - outside.length)] ?? -1;
}

function valueOfTask(scene: Scene, node: number, field: PlanReference["field"]): Value | undefined {
  const { run } = scene;
  if (node < 0) return undefined;
  switch (field) {
    case "output":
      return hasOutput(run, node) ? outputValue(run, node) : undefined;
    case "status":
      return taskStatusName(statusOfNode(run, node));
    case "error":
      return errorValue(run.nodes[node]?.error);
    default: {
      const value: Record<string, Value> = {
        status: taskStatusName(statusOfNode(run, node)),
        error: errorValue(run.nodes[node]?.error),
      };
      if (hasOutput(run, node)) value["output"] = outputValue(run, node);
      return value;
    }
  }
}

/** Returns an error as expressions see it. */
export function errorValue(error: ReadOnly<ErrorDetail> | undefined): Value {
  if (error === undefined) return null;
  return { code: error.code, message: error.message, details: { ...error.details } };
}

/** Returns all variables of the run. Variables that never changed have their initial values. */
export function variables(
  run: RunView,
  changed: ReadonlyMap<string, Uint8Array> | undefined = run.more?.vars as ReadonlyMap<string, Uint8Array>,
): Value {
  const first = run.plan?.plan.vars ?? {};
  if (changed === undefined || changed.size === 0) return first as Value;
  const all: Record<string, Value> = { ...(first as Readonly<Record<string, Json>>) };
  for (const [name, value] of changed) all[name] = parsed(value);
  return all;
}

function runValue({ run }: Scene): Value {
  return {
    id: run.key.id,
    namespace: run.key.namespace,
    definition: run.order?.definition ?? "",
    incarnation: run.order?.incarnation || 1,
    startTime: new Date(run.beginMs).toISOString(),
    labels: { ...run.facts.labels },
  };
}

/** Returns the value of the nearest enclosing entry. */
function entryValue(scene: Scene, name: "item" | "index"): Value | undefined {
  const { run } = scene;
  let { range, node } = scene;
  while (!range.isEntries) {
    if (range.owner < 0) return undefined;
    node = range.owner;
    range = rangeViewOf(run, node);
  }
  const index = node - range.first;
  if (name === "index") return index;
  const list = listOfEntries(scene, range);
  return Array.isArray(list) ? (list[index] as Value | undefined) : undefined;
}

/** Returns the list that the entries of a range come from. */
export function listOfEntries({ run }: Pick<Scene, "run">, range: RangeView): Value | undefined {
  if (range.ownValue !== undefined) return parsed(range.ownValue as Uint8Array);
  const owner = run.nodes[range.owner];
  const storedList = stateOfKind(owner, "list")?.list;
  if (storedList !== undefined) return parsed(storedList);
  const { plan, firstTask } = range;
  const around = { run, range: rangeViewOf(run, range.owner), node: range.owner };
  const { forEach } = plan.task(firstTask);
  const program = plan.plan.programs[forEach];
  if (program?.form === "constant") return program.source as Value;
  const reference = program?.references[program.passes];
  return reference === undefined ? undefined : valueOfReference(around, reference as PlanReference);
}

/** Returns the nearest enclosing round. */
function roundValue({ run, range, names }: Scene): Value | undefined {
  for (let current = range; current.owner >= 0; current = rangeViewOf(run, current.owner)) {
    if (current.isEntries || isAdded(current)) continue;
    return {
      number: current.round,
      last: parsed(current.ownValue ?? stateOfKind(run.nodes[current.owner], "loop")?.last),
    };
  }
  return names?.["round"];
}

function feedbackOf({ run, node }: Scene): Value {
  for (let current = node; current >= 0; current = rangeViewOf(run, current).owner) {
    const feedback = run.nodes[current]?.more?.review?.feedback;
    if (feedback !== undefined) return parsed(feedback);
  }
  return null;
}

function around<T>({ run, range }: Scene, find: (range: RangeView) => T | undefined): T | undefined {
  for (let current = range; ; current = rangeViewOf(run, current.owner)) {
    const found = find(current);
    if (found !== undefined || current.owner < 0) return found;
  }
}
