/** Silences: created, listed, ended. */
import {
  type CreateSilenceRequest,
  type DeleteSilenceRequest,
  type KeptSilence,
  type ListSilencesReply,
  type ListSilencesRequest,
  Silence,
} from "@tutti/contracts/insight/v1";
import { execute } from "@tutti/host/serving";
import { type CallContext, fromTimestamp, pageOf, type ReadOnly, toTimestamp } from "@tutti/kernel";
import { addSilence, alertErrors, endSilence } from "@tutti/machine-alert";
import { keyOf } from "../key.ts";
import { type AlertDependencies, namespaceOf, snapshotOf } from "./dependencies.ts";

export async function createSilence(
  dependencies: AlertDependencies,
  { silence = Silence.create(), reason, idempotencyKey, replaces, ...request }: CreateSilenceRequest,
  context: CallContext,
) {
  const namespace = namespaceOf(request, context);
  const { ruleId, labels, span, matchers, author, recurrence: requested } = silence;
  if (span?.to === undefined && requested === undefined)
    throw alertErrors.invalid({ problem: "`span.to`: expected the end of the silence, got nothing" });
  const fromMs = span?.from === undefined ? 0 : fromTimestamp(span.from);
  const toMs = span?.to === undefined ? 0 : fromTimestamp(span.to);
  const recurrence = requested && {
    cron: requested.cron,
    timeZone: requested.timeZone,
    durationMs: requested.durationMs,
    endMs: requested.endTime === undefined ? 0 : fromTimestamp(requested.endTime),
  };
  const match = matchers.length > 0 || author !== "" ? { matchers, author } : undefined;
  const body = { ruleId, labels, fromMs, toMs, match, replaces, recurrence };
  const call = { command: addSilence, body, reason, idempotencyKey };
  const { silenceId } = await execute(dependencies, keyOf(namespace), call, context);
  const { silences } = await snapshotOf(dependencies, namespace, context);
  const stored = silences.find((each) => each.silenceId === silenceId);
  return { silence: stored && silenceMessage(namespace, stored) };
}

export async function listSilences(
  dependencies: AlertDependencies,
  { page, ...request }: ListSilencesRequest,
  context: CallContext,
): Promise<ListSilencesReply> {
  const namespace = namespaceOf(request, context);
  const { silences } = await snapshotOf(dependencies, namespace, context);
  const sorted = silences
    .map((stored) => silenceMessage(namespace, stored))
    .sort((one, other) => (one.silenceId < other.silenceId ? -1 : 1));
  const list = { list: ["silences", namespace], keyOf: ({ silenceId }: Silence) => silenceId };
  const { items, nextToken } = pageOf(sorted, list, page);
  return { silences: items, page: { nextToken, total: sorted.length } };
}

export function deleteSilence(
  dependencies: AlertDependencies,
  { silenceId, reason, ...request }: DeleteSilenceRequest,
  context: CallContext,
) {
  const key = keyOf(namespaceOf(request, context));
  return execute(dependencies, key, { command: endSilence, body: { silenceId }, reason }, context);
}

function silenceMessage(namespace: string, stored: ReadOnly<KeptSilence>): Silence {
  const { silenceId, ruleId, labels, fromMs, toMs, cause, match, recurrence } = stored;
  return {
    namespace,
    silenceId,
    ruleId,
    // The cast: only read.
    labels: labels as Silence["labels"],
    span: { from: toTimestamp(fromMs), to: toTimestamp(toMs) },
    createCause: cause as Silence["createCause"],
    matchers: [...(match?.matchers ?? [])],
    author: match?.author ?? "",
    recurrence: recurrence && {
      cron: recurrence.cron,
      timeZone: recurrence.timeZone,
      durationMs: recurrence.durationMs,
      endTime: recurrence.endMs === 0 ? undefined : toTimestamp(recurrence.endMs),
    },
  };
}
