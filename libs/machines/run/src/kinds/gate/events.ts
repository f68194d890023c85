/** Work that is repeated because its output was not good enough. */

import { TaskStatus } from "@tutti/contracts/types/v1";
import { WorkSentBackV1 } from "@tutti/contracts/workflow/v1";
import { detailLengthMax, isDone, truncate } from "@tutti/machine-work";
import { recordUsed } from "../../core/node/budget.ts";
import { addUsed, nodeOf, updateAttention } from "../../core/node/nodes.ts";
import { closureOf, reopen } from "../../core/node/reopen.ts";
import { forgetWaiting } from "../../core/node/waiting-functions.ts";
import { startKind } from "../../core/state/kind-state.ts";
import { reportsMax } from "../../core/state/limits.ts";
import { detailOf, type Node, type Run, type RunEvent, reviewOf } from "../../core/state/state.ts";

const decoder = new TextDecoder();
const { TASK_STATUS_PENDING: pending } = TaskStatus;

/**
 * The target and all nodes that depend on it return to their initial state, except that they receive the
 * report.
 */
export const workSentBack: RunEvent<WorkSentBackV1> = {
  type: "work_sent_back",
  version: 1,
  codec: WorkSentBackV1,
  // A reopened task may have waited for a person.
  described: true,
  evolve(run, { node: number, target, report, sendBackMs, used }, outstanding) {
    const node = nodeOf(run, number);
    recordUsed(run, node, undefined);
    const reopened = closureOf(run, new Set([target]));
    const holder = holderOf(node, target);
    const named = reopened.has(holder) ? [target] : [target, holder];
    reopen(run, named, sendBackMs, outstanding, { keepsCompleted: false });
    if (target === number && node.range.isEntries) lineUp(run, node);
    const review = reviewOf(nodeOf(run, holder));
    addUsed(run, node, used);
    review.sentBack += 1;
    review.reports.push(truncate(decoder.decode(report), detailLengthMax));
    if (review.reports.length > reportsMax) review.reports.shift();
    reviewOf(nodeOf(run, target)).feedback = report.length === 0 ? undefined : report;
  },
};

/**
 * Returns the node that counts how often work was sent back: for an entry of a list, the list, unless only
 * the entry is repeated.
 */
export function holderOf(
  { number, range }: Pick<Node, "number"> & { readonly range: Pick<Node["range"], "isEntries" | "owner"> },
  target: number,
): number {
  return range.isEntries && target !== number ? range.owner : number;
}

/** A reopened entry is pending in its list again. */
function lineUp(run: Run, { number, range }: Node): void {
  const owner = nodeOf(run, range.owner);
  const detail = startKind(detailOf(owner), "list");
  detail.nextEntry = Math.min(detail.nextEntry, number - range.first);
  detail.entriesOpen = 0;
  forgetWaiting(run);
  for (let entry = range.first; entry < range.first + range.count; entry++) {
    const status = run.nodes[entry]?.status ?? pending;
    if (status !== pending && !isDone(status)) detail.entriesOpen += 1;
  }
  updateAttention(run, owner);
}
