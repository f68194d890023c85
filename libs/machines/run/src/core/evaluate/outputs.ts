/**
 * Outputs that consist of other outputs: a list of the outputs of entries, an object of the outputs of tasks.
 */
import { TaskStatus } from "@tutti/contracts/types/v1";
import type { Value } from "@tutti/expressions";
import { bytesOrNull, type Data, encodeJson, joinedList, joinedMembers, parsed } from "@tutti/machine-work";
import { partsOf, rangeViewOf, statusOfNode, taskOf } from "../state/places.ts";
import type { NodeView, RangeView, RunView } from "../state/state.ts";

/** Returns whether a node has an output. Null counts as one. */
export function hasOutput(run: RunView, number: number): boolean {
  const status = statusOfNode(run, number);
  if (status === TaskStatus.TASK_STATUS_COMPLETED || status === TaskStatus.TASK_STATUS_COMPENSATING)
    return true;
  return status === TaskStatus.TASK_STATUS_COMPENSATED || run.nodes[number]?.more?.countsAsCompleted === true;
}

/** Returns the output of a node that has one. */
export function outputOf(run: RunView, number: number): Data | undefined {
  const node = run.nodes[number];
  const entries = entriesOf(run, node);
  if (entries === undefined || node === undefined) return node?.output as Data | undefined;
  const list = listOf(node);
  list.bytes ??= joinedList(partOutputs(run, entries));
  return list.bytes;
}

/**
 * Returns the entries whose outputs form the output of the node. Undefined if the node has its own output.
 */
function entriesOf(run: RunView, node: NodeView | undefined): RangeView | undefined {
  if (node === undefined || node.output !== undefined) return undefined;
  const parts = partsOf(run, node);
  return parts?.isEntries === true ? parts : undefined;
}

function partOutputs(run: RunView, { first, count }: RangeView): (Data | undefined)[] {
  const outputs = new Array<Data | undefined>(count);
  for (let index = 0; index < count; index++)
    outputs[index] = run.nodes[first + index]?.output as Data | undefined;
  return outputs;
}

/** Returns the output as expressions see it. Throws `UnreadableData`. */
export function outputValue(run: RunView, number: number): Value {
  const node = run.nodes[number];
  const entries = entriesOf(run, node);
  if (entries === undefined || node === undefined) {
    const data = node?.output as Data | undefined;
    // The definition of every durable function reads its output, to see if its loop continues as a new run.
    return isReference(data) && taskOf(rangeViewOf(run, number), number).kind === "function"
      ? parsed(bytesOrNull(data))
      : parsed(data);
  }
  const list = listOf(node);
  list.value ??= partOutputs(run, entries).map(parsed);
  return list.value;
}

/** Returns whether an output is in the blob store. */
export function isReference(data: Data | undefined): boolean {
  return data !== undefined && !(data instanceof Uint8Array) && data.body?.$case === "blob";
}

interface JoinedList {
  readonly endAt: number;
  readonly visit: number;
  value: Value | undefined;
  bytes: Uint8Array | undefined;
}

/** Joined lists by their nodes: many tasks may read the same list, and all get the same bytes. */
const lists = new WeakMap<NodeView, JoinedList>();

function listOf(node: NodeView): JoinedList {
  const { endAt, visit } = node;
  const known = lists.get(node);
  if (known !== undefined && known.endAt === endAt && known.visit === visit) return known;
  const joined: JoinedList = { endAt, visit, value: undefined, bytes: undefined };
  lists.set(node, joined);
  return joined;
}

/** Returns the outputs of all tasks of a scope that have one, by id. */
export function outputsOf(run: RunView, range: RangeView): Uint8Array {
  return outputsOfAll(run, [range]);
}

export function outputsOfAll(
  run: RunView,
  ranges: readonly RangeView[],
  { withErrors = false }: { readonly withErrors?: boolean } = {},
): Uint8Array {
  return joinedMembers((member) => {
    for (const range of ranges) passOutputs(run, range, member, withErrors);
  });
}

function passOutputs(
  run: RunView,
  range: RangeView,
  member: (name: Uint8Array, value: Uint8Array) => void,
  withErrors: boolean,
): void {
  for (let number = range.first; number < range.first + range.count; number++) {
    const error = withErrors ? errorOf(run, number) : undefined;
    if (error === undefined && !hasOutput(run, number)) continue;
    const name = range.plan.memberName(range.firstTask + number - range.first);
    member(name, error ?? bytesOrNull(outputOf(run, number)));
  }
}

/** Returns the error that replaces the output of a failed task. */
function errorOf(run: RunView, number: number): Uint8Array | undefined {
  if (statusOfNode(run, number) !== TaskStatus.TASK_STATUS_FAILED) return undefined;
  const { code = "", message = "" } = run.nodes[number]?.error ?? {};
  return encodeJson({ error: { code, message } });
}

/** Returns the output of a run that has completed. */
export function runOutputOf(run: RunView): Data | undefined {
  const isOfTasks =
    run.plan?.plan.output === -1 && run.plan.plan.kind === "tasks" && run.output === undefined;
  return isOfTasks ? outputsOf(run, rangeViewOf(run, 0)) : (run.output as Data | undefined);
}
