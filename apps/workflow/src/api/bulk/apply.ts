/**
 * Applies a preview, in portions.
 *
 * 1. Nothing is stored: the stream drives the action, and its cursor states the progress.
 * 2. The key of each call follows from the preview, so a portion that is repeated after a break changes
 *    nothing.
 * 3. The refusal of a run is reported, and the next run follows. Any other failure ends the stream, which
 *    continues from its cursor.
 */
import type { ApplyBulkReply, ApplyBulkRequest, BulkRefusal } from "@tutti/contracts/workflow/v1";
import {
  type CallContext,
  errorFromUnknown,
  kernelErrors,
  type Status,
  sleep,
  toErrorDetail,
} from "@tutti/kernel";
import { runtimeErrors } from "@tutti/runtime/errors";
import { act } from "./actions.ts";
import type { BulkDependencies } from "./dependencies.ts";
import { readPreview, type StoredPreview } from "./stored-preview.ts";

/** Maximum of runs in one report. */
const portionMax = 100;

export async function* applyBulk(
  dependencies: BulkDependencies,
  { previewToken, reason, cursor, perSecond }: ApplyBulkRequest,
  context: CallContext,
): AsyncGenerator<ApplyBulkReply, void> {
  const { clock, timers } = dependencies.foundation;
  const now = clock.now();
  const preview = await readPreview(dependencies.blobs(), context.namespace, previewToken, now);
  const { runIds } = preview;
  let { place, done } = placeOf(cursor);
  do {
    const portion = runIds.slice(
      place,
      place + (perSecond === 0 ? portionMax : Math.min(portionMax, perSecond)),
    );
    const startMs = clock.monotonic();
    const outcomes = await Promise.all(
      portion.map((runId) => refusalOf(dependencies, preview, { runId, reason, previewToken }, context)),
    );
    const refusals = outcomes.filter((refusal) => refusal !== undefined);
    place += portion.length;
    done += portion.length - refusals.length;
    const remaining = Math.max(0, runIds.length - place);
    yield { done, remaining, refusals, cursor: `a${place}.${done}` };
    const restMs = perSecond === 0 ? 0 : (portion.length * 1_000) / perSecond - (clock.monotonic() - startMs);
    if (place < runIds.length && restMs > 0) await sleep(timers, restMs, context.signal).catch(() => {});
  } while (place < runIds.length && !context.signal.aborted);
}

/** Applies the action to a run. Returns its refusal, or undefined on success. */
async function refusalOf(
  dependencies: BulkDependencies,
  { namespace, action, versions }: StoredPreview,
  { runId, reason, previewToken }: { runId: string; reason: string; previewToken: string },
  context: CallContext,
): Promise<BulkRefusal | undefined> {
  try {
    const options = { context, idempotencyKey: `bulk.${previewToken}` };
    await act(dependencies, action, { namespace, runId, reason, versions }, options);
    return undefined;
  } catch (thrown) {
    const error = errorFromUnknown(thrown);
    // It was done before, with another reason text.
    if (error.code === runtimeErrors.keyReused.code) return undefined;
    if (transientStatuses.has(error.status)) throw error;
    return { runId, error: toErrorDetail(error) };
  }
}

const transientStatuses: ReadonlySet<Status> = new Set<Status>([
  "UNAVAILABLE",
  "CANCELLED",
  "DEADLINE_EXCEEDED",
]);

function placeOf(cursor: string): { readonly place: number; readonly done: number } {
  if (cursor === "") return { place: 0, done: 0 };
  const read = /^a(\d{1,9})\.(\d{1,9})$/.exec(cursor);
  if (read !== null) return { place: Number(read[1]), done: Number(read[2]) };
  const message = `expected the cursor of the last reply, got ${cursor}`;
  throw kernelErrors.pageTokenInvalid(undefined, { violations: [{ field: "cursor", message }] });
}
