/** The results of the firings of a schedule, from its history: the machine keeps only the latest ten. */

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
import { type CallContext, counted, fromTimestamp, toTimestamp, utcOf } from "@tutti/kernel";
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
    const last = token === "" ? events + 1 : placeOfToken(token);
    // Newest first: the final result of a firing may be in a newer page of the history.
    let before = events + 1;
    const later: Later = { settled: new Set(), refused: new Map() };
    const firings: Firing[] = [];
    while (before > 1 && firings.length < size) {
      const after = Math.max(0, before - 1 - historyPage);
      const records = await dependencies.runtime.history(key, after, before - 1 - after);
      for (const { record } of records.toReversed()) {
        if (firings.length >= size) break;
        const { event, type, payload } = Record.decode(record);
        before = event;
        const found = firingOf(type, payload, later);
        if (found !== undefined && event < last && found.atMs >= fromMs && found.atMs < toMs)
          firings.push(found.firing);
      }
      if (records.length === 0) before = after + 1;
    }
    return { firings, page: { nextToken: before > 1 ? tokenOfPlace(before) : "" } };
  });
}

/** Facts about firings from later events. */
interface Later {
  readonly settled: Set<number>;
  /** Why a start was refused. */
  readonly refused: Map<number, string>;
}

interface Found {
  readonly atMs: number;
  readonly firing: Firing;
}

/** Returns the firing of an event, with its final result. */
function firingOf(type: string, payload: Uint8Array, { settled, refused }: Later): Found | undefined {
  switch (type) {
    case "firing_started": {
      const { firing, nominalMs, fireMs, runId } = FiringStartedV1.decode(payload);
      settled.add(firing);
      const message = refused.get(firing);
      return message === undefined
        ? buildFiring(nominalMs, fireMs, FiringResult.FIRING_RESULT_STARTED, { runId })
        : buildFiring(nominalMs, fireMs, FiringResult.FIRING_RESULT_REFUSED, { message });
    }
    case "firing_queued": {
      const { firing, nominalMs, fireMs, runId } = FiringQueuedV1.decode(payload);
      if (settled.has(firing)) return undefined;
      return buildFiring(nominalMs, fireMs, FiringResult.FIRING_RESULT_QUEUED, { runId });
    }
    case "firing_skipped": {
      const { firing, nominalMs, fireMs, reason } = FiringSkippedV1.decode(payload);
      // Only a firing that was queued before has a number.
      if (firing !== 0) settled.add(firing);
      const message = skipped[reason] ?? "";
      return buildFiring(nominalMs, fireMs, FiringResult.FIRING_RESULT_OVERLAPPED, { message });
    }
    case "times_missed": {
      const { firstMs, lastMs, count, more, fireMs } = TimesMissedV1.decode(payload);
      // The first time is the time of the entry.
      const until = lastMs === firstMs ? "" : `, the last at ${utcOf(lastMs)}`;
      const message = `${more ? "more than " : ""}${counted(count, "time")}${until}`;
      return buildFiring(firstMs, fireMs, FiringResult.FIRING_RESULT_MISSED, { message });
    }
    case "start_refused": {
      const { firing, code, message } = StartRefusedV1.decode(payload);
      refused.set(firing, `${code}: ${message}`);
      return undefined;
    }
    default:
      return undefined;
  }
}

function buildFiring(
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
  [SkipReason.SKIP_REASON_OVERLAP]: "the previous run had not ended",
  [SkipReason.SKIP_REASON_REPLACED]: "another run was already waiting, or a later run replaced it",
  [SkipReason.SKIP_REASON_FULL]: "the maximum number of runs was waiting or active",
  [SkipReason.SKIP_REASON_TWICE]: "a run for the same time was waiting or active",
};
