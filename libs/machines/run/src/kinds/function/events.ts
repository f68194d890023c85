/**
 * Turns of a durable function: the steps of its worker in one turn, the end of the turn, and the offer of the
 * next.
 */
import { TaskStatus } from "@tutti/contracts/types/v1";
import {
  type FunctionEntry,
  FunctionEntryKind,
  FunctionTurnedV1,
  FunctionWokenV1,
  PartsDroppedV1,
  StepRecordedV1,
} from "@tutti/contracts/workflow/v1";
import {
  amountsOrNone,
  blobsOf,
  bytesOrNull,
  type Data,
  detailOfRefusal,
  taskStatusName,
} from "@tutti/machine-work";
import { queue } from "../../core/attempt/events.ts";
import { hasOutput, outputOf } from "../../core/evaluate/outputs.ts";
import { recordUsed, reserve } from "../../core/node/budget.ts";
import { detachRange, settleWork } from "../../core/node/flow.ts";
import { nodeOf, setStatus, updateAttention } from "../../core/node/nodes.ts";
import { journalOf, offerFrom, record } from "../../core/state/function-journal.ts";
import { partRanges, statusOfNode, taskIdOf } from "../../core/state/places.ts";
import type { Range, Run, RunEvent } from "../../core/state/state.ts";
import { runErrors } from "../../errors.ts";

/**
 * Up to this many characters, an offer contains the whole journal, so that any worker can execute the turn.
 */
const wholeBytesMax = 8_192;

export const stepRecorded: RunEvent<StepRecordedV1> = {
  type: "step_recorded",
  version: 1,
  codec: StepRecordedV1,
  blobs: ({ entry }) => blobsOf(undefined, entry?.json),
  evolve(run, { node: number, entry }) {
    if (entry === undefined) return;
    record(run, journalOf(nodeOf(run, number)), entry);
  },
};

export const functionTurned: RunEvent<FunctionTurnedV1> = {
  type: "function_turned",
  version: 1,
  codec: FunctionTurnedV1,
  evolve(run, { node: number, agent, used, more, cold, discarded }, outstanding) {
    const node = nodeOf(run, number);
    const journal = journalOf(node);
    journal.held = cold ? 0 : journal.entries.length;
    journal.again = more || cold;
    journal.last = node.attempt;
    // A discarded turn may have run steps.
    if (!cold) journal.cold = 0;
    else if (!discarded) journal.cold++;
    // Progress shows that the function does not kill its workers: losses count from here.
    if (!cold && node.more !== undefined) node.more.lost = 0;
    if (agent !== "") node.agent = agent;
    recordUsed(run, node, used);
    settleWork(number, outstanding);
    setStatus(run, node, TaskStatus.TASK_STATUS_WAITING);
    updateAttention(run, node);
  },
};

/** Questions among them are closed, which `task_completed` would not show. */
export const partsDropped: RunEvent<PartsDroppedV1> = {
  type: "parts_dropped",
  version: 1,
  codec: PartsDroppedV1,
  described: true,
  evolve(run, { node: number, dropMs }, outstanding) {
    for (const range of partRanges(run, run.nodes[number]))
      if (!range.isDropped) detachRange(run, range as Range, dropMs, outstanding);
  },
};

export const functionWoken: RunEvent<FunctionWokenV1> = {
  type: "function_woken",
  version: 1,
  codec: FunctionWokenV1,
  evolve(run, { node: number, attempt, queueMs, ended, reserved }, outstanding) {
    const node = nodeOf(run, number);
    const journal = journalOf(node);
    for (const part of ended) record(run, journal, endOfPart(run, part, queueMs));
    const received = new Set(ended);
    journal.ended = journal.ended.filter((part) => !received.has(part));
    journal.again = false;
    offerFrom(journal, journal.bytes <= wholeBytesMax ? 0 : journal.held);
    // A finished turn is not a failed attempt.
    node.tries = 0;
    reserve(run, node, reserved);
    queue(run, node, attempt, queueMs, outstanding);
    updateAttention(run, node);
  },
};

const decoder = new TextDecoder();

/** Returns the end of one of its tasks, as its code sees it. */
function endOfPart(run: Run, part: number, atMs: number): FunctionEntry {
  const id = taskIdOf(run, part);
  const used = amountsOrNone(run.nodes[part]?.more?.used);
  const entry = { kind: FunctionEntryKind.FUNCTION_ENTRY_KIND_END, id, at: "", atMs, node: part, used };
  if (hasOutput(run, part)) return { ...entry, json: jsonOf(outputOf(run, part)), error: undefined };
  const status = taskStatusName(statusOfNode(run, part));
  const without = () => detailOfRefusal(runErrors.stepWithoutResult.refusal({ task: id, status }));
  return { ...entry, json: "", error: run.nodes[part]?.error ?? without() };
}

function jsonOf(data: Data | undefined): string {
  return data === undefined ? "" : decoder.decode(bytesOrNull(data));
}
