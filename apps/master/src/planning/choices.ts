/** Lists choices over all sessions of a namespace. */
import type { ListChoicesReply, ListChoicesRequest } from "@tutti/contracts/intelligence/v1";
import { type Choice, Mode, SessionFilter } from "@tutti/contracts/session/v1";
import { listLines, sizeOf, spanOf } from "@tutti/host/serving";
import type { IndexEntry } from "@tutti/journal";
import { type CallContext, fromTimestamp, isTuttiError } from "@tutti/kernel";
import { indexLabels, modeName } from "@tutti/machine-session";
import { lines } from "../api/sessions/listing.ts";
import type { PlanningDependencies } from "./dependencies.ts";

/** Sessions to read for one page: if few choices match the filter, the next page continues. */
const sessionsReadMax = 1_000;
const concurrentMax = 16;

/** A requested mode is no choice. */
const chosenModes: ReadonlySet<string> = new Set(
  [Mode.MODE_ADAPTIVE, Mode.MODE_HYBRID].map((mode) => modeName(mode)),
);
const choosing = {
  ...lines,
  matches: (_filter: SessionFilter, { labels }: IndexEntry) =>
    chosenModes.has(labels[indexLabels.wantedMode] ?? modeName(Mode.MODE_ADAPTIVE)),
};

export async function listChoices(
  dependencies: PlanningDependencies,
  { page, ...wanted }: ListChoicesRequest,
  context: CallContext,
): Promise<ListChoicesReply> {
  const size = sizeOf(page);
  const choices: Choice[] = [];
  let token = page?.token ?? "";
  for (let readCount = 0; choices.length < size && readCount < sessionsReadMax; ) {
    const part = { size: Math.min(concurrentMax, size - choices.length), token };
    const request = { filter: SessionFilter.create(), oldestFirst: false, page: part };
    const { items, nextToken } = await listLines(dependencies, choosing, request, context);
    const found = await Promise.all(
      items.map(({ sessionId }) => choicesOf(dependencies, sessionId, context)),
    );
    choices.push(...found.flat().filter((choice) => matchesFilter(choice, wanted)));
    readCount += Math.max(1, items.length);
    token = nextToken;
    if (token === "") break;
  }
  return { choices, page: { nextToken: token, total: undefined } };
}

async function choicesOf(
  { sessions }: PlanningDependencies,
  sessionId: string,
  context: CallContext,
): Promise<readonly Choice[]> {
  const { namespace } = context;
  try {
    const { choices } = await sessions.explainSession({ namespace, sessionId, taskId: "" }, { context });
    return choices.map((choice) => ({ ...choice, sessionId }));
  } catch (error) {
    // It was removed meanwhile.
    if (isTuttiError(error) && error.status === "NOT_FOUND") return [];
    throw error;
  }
}

function matchesFilter(
  { kind, candidates, chosen: place, chooseTime }: Choice,
  { kind: ofKind, mode, chosen }: Omit<ListChoicesRequest, "page">,
): boolean {
  if (ofKind !== "" && kind !== ofKind) return false;
  // A cut has parts in several modes, and together they are one choice.
  const chosenMode = kind === "cut" ? Mode.MODE_HYBRID : candidates[place]?.mode;
  if (mode !== Mode.MODE_UNSPECIFIED && chosenMode !== mode) return false;
  const span = spanOf(chosen);
  const timeMs = chooseTime === undefined ? 0 : fromTimestamp(chooseTime);
  return span === undefined || ((span.from ?? 0) <= timeMs && timeMs < (span.to ?? Number.POSITIVE_INFINITY));
}
