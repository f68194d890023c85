/** What came of the times of a schedule, out of its history: the machine itself remembers the latest ten alone. */

import { Record } from "@tutti/contracts/runtime/v1";
import {
  type Firing,
  FiringQueuedV1,
  FiringResult,
  FiringSkippedV1,
  FiringStartedV1,
  type ListFiringsReply,
  type ListFiringsRequest,
  SkipReason,
  StartRefusedV1,
  TimesMissedV1,
} from "@tutti/contracts/workflow/v1";
import { whenOwned } from "@tutti/host";
import { type MachineDependencies, placeOfToken, sizeOf, tokenOfPlace } from "@tutti/host/serving";
import { type CallContext, fromTimestamp, toTimestamp } from "@tutti/kernel";
import { keyOf } from "./dependencies.ts";

const historyPage = 500;

export async function listFirings(
  dependencies: MachineDependencies,
  { scheduleId, due, page }: ListFiringsRequest,
  context: CallContext,
): Promise<ListFiringsReply> {
  const key = keyOf(context.namespace, scheduleId);
  const size = sizeOf(page);
  const token = page?.token ?? "";
  const fromMs = due?.from === undefined ? 0 : fromTimestamp(due.from);
  const toMs = due?.to === undefined ? Number.POSITIVE_INFINITY : fromTimestamp(due.to);
  return whenOwned(dependencies, key, context, async () => {
    const { events } = await dependencies.runtime.instanceOf(key);
    // Newest first: pages of the history from its end.
    let before = token === "" ? events + 1 : placeOfToken(token);
    const firings: Firing[] = [];
    while (before > 1 && firings.length < size) {
      const after = Math.max(0, before - 1 - historyPage);
      const records = await dependencies.runtime.history(key, after, before - 1 - after);
      for (const { record } of records.toReversed()) {
        if (firings.length >= size) break;
        const { event, type, payload } = Record.decode(record);
        before = event;
        for (const { atMs, firing } of firingsOf(type, payload))
          if (atMs >= fromMs && atMs < toMs) firings.push(firing);
      }
      if (records.length === 0) before = after + 1;
    }
    return { firings, page: { nextToken: before > 1 ? tokenOfPlace(before) : "" } };
  });
}

interface Found {
  readonly atMs: number;
  readonly firing: Firing;
}

function firingsOf(type: string, payload: Uint8Array): readonly Found[] {
  switch (type) {
    case "firing_started": {
      const { nominalMs, fireMs, runId } = FiringStartedV1.decode(payload);
      return [made(nominalMs, fireMs, FiringResult.FIRING_RESULT_STARTED, { runId })];
    }
    case "firing_queued": {
      const { nominalMs, fireMs, runId } = FiringQueuedV1.decode(payload);
      return [made(nominalMs, fireMs, FiringResult.FIRING_RESULT_QUEUED, { runId })];
    }
    case "firing_skipped": {
      const { nominalMs, fireMs, reason } = FiringSkippedV1.decode(payload);
      return [
        made(nominalMs, fireMs, FiringResult.FIRING_RESULT_OVERLAPPED, { message: skipped[reason] ?? "" }),
      ];
    }
    case "times_missed": {
      const { firstMs, lastMs, count, more, fireMs } = TimesMissedV1.decode(payload);
      const message = `${more ? "more than " : ""}${count} times up to ${new Date(lastMs).toISOString()}`;
      return [made(firstMs, fireMs, FiringResult.FIRING_RESULT_MISSED, { message })];
    }
    case "start_refused": {
      const { code, message } = StartRefusedV1.decode(payload);
      return [made(0, 0, FiringResult.FIRING_RESULT_REFUSED, { message: `${code}: ${message}` })];
    }
    default:
      return [];
  }
}

function made(
  nominalMs: number,
  fireMs: number,
  result: FiringResult,
  { runId = "", message = "" }: { readonly runId?: string; readonly message?: string },
): Found {
  const timeOf = (ms: number) => (ms === 0 ? undefined : toTimestamp(ms));
  return {
    atMs: nominalMs,
    firing: { dueTime: timeOf(nominalMs), fireTime: timeOf(fireMs), runId, result, message },
  };
}

const skipped: Readonly<Partial<{ [Reason in SkipReason]: string }>> = {
  [SkipReason.SKIP_REASON_OVERLAP]: "the run before had not ended",
  [SkipReason.SKIP_REASON_REPLACED]: "one waited already, or a later one took its place",
  [SkipReason.SKIP_REASON_FULL]: "as many waited, or ran, as may",
  [SkipReason.SKIP_REASON_TWICE]: "a run of the same time waited or ran",
};
