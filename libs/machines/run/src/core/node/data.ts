/** Inputs and outputs of nodes, and the bytes that a run keeps of them. For folds. */

import type { Payload } from "@tutti/contracts/types/v1";
import { bytesOf, type Data, dataOf } from "@tutti/machine-work";
import { following } from "../evaluate/evaluate.ts";
import { stateOfKind } from "../state/kind-state.ts";
import type { Node, Run } from "../state/state.ts";

/**
 * Sets the input of a node. An input that is not in the event follows from the plan, and is not kept a second
 * time.
 */
export function setInput(run: Run, node: Node, input: Uint8Array, payload: Payload | undefined): void {
  const ownInput = dataOf(input, payload);
  run.storedBytes +=
    ownInputBytes(ownInput, ownInput === undefined) - ownInputBytes(node.input, node.inputFollows);
  node.inputFollows = ownInput === undefined;
  node.input = ownInput ?? followingInput(run, node);
}

export function followingInput(run: Run, node: Node): Data | undefined {
  const { range, number, task } = node;
  return following({ run, range, node: number }, range.plan.task(task).input);
}

export function setOutput(run: Run, node: Node, output: Data | undefined): void {
  run.storedBytes += bytesOf(output).length - bytesOf(node.output).length;
  node.output = output;
}

/** Returns the number of bytes that a node keeps. */
export function storedBytesOf(node: Node): number {
  const { input, inputFollows, output, more } = node;
  const earlierEffect = more?.undo?.earlierEffect;
  const effectBytes =
    earlierEffect === undefined
      ? 0
      : bytesOf(earlierEffect.input).length + bytesOf(earlierEffect.output).length;
  const journalBytes = stateOfKind(node, "function")?.journal.bytes ?? 0;
  return ownInputBytes(input, inputFollows) + bytesOf(output).length + effectBytes + journalBytes;
}

function ownInputBytes(input: Data | undefined, follows: boolean): number {
  return follows ? 0 : bytesOf(input).length;
}
