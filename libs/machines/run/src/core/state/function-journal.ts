/**
 * The journal of a durable function: steps of its worker, the tasks that it added, and the ends of these
 * tasks that it received, in one order. Its code sees the same order in each replay.
 */

import type { ErrorDetail } from "@tutti/contracts/types/v1";
import { type FunctionEntry, FunctionEntryKind, type RunFunction } from "@tutti/contracts/workflow/v1";
import { type FunctionJournal, startKind } from "./kind-state.ts";
import { detailOf, type Node, type Range, type Run } from "./state.ts";

/** For folds. */
export function journalOf(node: Node): FunctionJournal {
  return startKind(detailOf(node), "function").journal;
}

/** Returns whether the code of the function has a reason to continue. */
export function isWakeable({ ended, again }: FunctionJournal): boolean {
  return again || ended.length > 0;
}

/** For folds: tasks were added for it. */
export function recordAdded(
  run: Run,
  journal: FunctionJournal,
  range: Range,
  { at, addMs }: { readonly at: readonly string[]; readonly addMs: number },
): void {
  for (let index = 0; index < range.count; index++) {
    const node = range.first + index;
    const { id } = range.plan.task(range.firstTask + index);
    record(run, journal, {
      kind: FunctionEntryKind.FUNCTION_ENTRY_KIND_TASK,
      id,
      at: at[index] ?? "",
      atMs: addMs,
      json: "",
      error: undefined,
      node,
      used: undefined,
    });
    journal.open.add(node);
  }
}

/** For folds: one of its tasks has ended. The end of a repeated task is not recorded twice. */
export function recordEnded(journal: FunctionJournal, node: number): void {
  if (journal.open.delete(node)) journal.ended.push(node);
}

/** For folds. */
export function record(run: Run, journal: FunctionJournal, entry: FunctionEntry): void {
  journal.entries.push(entry);
  const size = sizeOf(entry);
  journal.bytes += size;
  run.storedBytes += size;
}

/** For folds: a turn is offered, with the entries from `from` on. */
export function offerFrom(journal: FunctionJournal, from: number): void {
  journal.from = from;
  journal.to = journal.entries.length;
}

function sizeOf({ id, json, error }: FunctionEntry): number {
  return id.length + json.length + errorLength(error) + 32;
}

function errorLength(error: ErrorDetail | undefined): number {
  return error === undefined ? 0 : error.code.length + error.message.length;
}

export function journalMessage({
  entries,
  ended,
  open: _,
  bytes: __,
  ...counts
}: FunctionJournal): RunFunction {
  return { entries: [...entries], ended: [...ended], ...counts };
}

export function journalFrom({ entries, ended, ...counts }: RunFunction): FunctionJournal {
  const journal: FunctionJournal = {
    entries: [],
    open: new Set<number>(),
    ended: [...ended],
    ...counts,
    bytes: 0,
  };
  const known = new Set(ended);
  for (const entry of entries) {
    journal.entries.push(entry);
    journal.bytes += sizeOf(entry);
    if (entry.kind === FunctionEntryKind.FUNCTION_ENTRY_KIND_END) known.add(entry.node);
  }
  for (const { kind, node } of entries)
    if (kind === FunctionEntryKind.FUNCTION_ENTRY_KIND_TASK && !known.has(node)) journal.open.add(node);
  return journal;
}
