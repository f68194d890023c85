/** The journals of a durable function in a history, as a worker without memory receives them. */
import type { InstanceKey, Machine, Outstanding } from "@tutti/kernel";
import { isDone } from "@tutti/machine-work";
import { turnInput } from "../../core/attempt/turn-input.ts";
import { offerFrom } from "../../core/state/function-journal.ts";
import { stateOfKind } from "../../core/state/kind-state.ts";
import type { Run } from "../../core/state/state.ts";
import type { RecordedEvent } from "./history-json.ts";

export interface FunctionTurn {
  /** The input of a turn, with the journal from its start. */
  readonly input: Uint8Array;
  readonly hasEnded: boolean;
}

/** Returns one for each task of the function, at the end of the history. */
export function functionTurns(
  machine: Machine<Run>,
  key: InstanceKey,
  name: string,
  events: readonly Pick<RecordedEvent, "type" | "version" | "payload">[],
): readonly FunctionTurn[] {
  const run = machine.create(key);
  for (const { type, version, payload } of events) {
    const event = machine.events.find((each) => each.type === type && each.version === version);
    event?.evolve(run, event.codec.decode(payload), heedless);
  }
  const turns: FunctionTurn[] = [];
  for (const node of run.nodes) {
    const journal = stateOfKind(node, "function")?.journal;
    if (node === undefined || journal === undefined) continue;
    const work = node.range.plan.work(node.range.plan.task(node.task));
    if (work.kind !== "function" || work.capability !== name) continue;
    offerFrom(journal, 0);
    turns.push({ input: turnInput(run, node), hasEnded: isDone(node.status) });
  }
  return turns;
}

const heedless: Outstanding<unknown> = { effect() {}, settled() {}, timer() {}, cleared() {} };
