/** The preview of a move of many runs to another version: how each of them fits. */
import {
  type BulkMove,
  type BulkReview,
  type MoveProblem,
  MoveReview,
  MoveRunRequest,
  MoveVerdict,
  type RunCount,
  RunFilter,
} from "@tutti/contracts/workflow/v1";
import type { IndexEntry } from "@tutti/journal";
import { type CallContext, errorFromUnknown } from "@tutti/kernel";
import { indexLabels, isMovable, verdictNames } from "@tutti/machine-run";
import { matching } from "../runs/listing.ts";
import type { BulkDependencies } from "./dependencies.ts";

export interface MovesPlanned {
  /** Runs to move, the outermost first. Without runs that have the version already. */
  readonly runIds: string[];
  readonly groups: Map<string, RunCount>;
  readonly reviews: BulkReview[];
  leftAlone: number;
  /** Versions of children, by their ids. */
  readonly versions: Record<string, string>;
}

/** Maximum of concurrent reviews. */
const portionMax = 100;
const reviewsMax = 20;
const onVersion: MoveProblem = { id: "", message: "the run is on this version already" };

/** @param matched matching runs, as the index has them */
export async function planMoves(
  dependencies: BulkDependencies,
  move: BulkMove,
  matched: AsyncIterable<IndexEntry>,
  context: CallContext,
): Promise<MovesPlanned> {
  const planned: MovesPlanned = { runIds: [], groups: new Map(), reviews: [], leftAlone: 0, versions: {} };
  let portion: Omit<Reviewed, "planned">[] = [];
  const review = async () => {
    const runs = portion;
    portion = [];
    await Promise.all(runs.map((run) => reviewRun(dependencies, move, { ...run, planned }, context)));
  };
  for await (const { key, status, labels } of matched) {
    if (!isMovable(status)) planned.leftAlone++;
    else if (portion.push({ runId: key.id, hash: hashIn(labels) }) === portionMax) await review();
  }
  await review();
  return planned;
}

function hashIn(labels: IndexEntry["labels"]): string {
  return labels[indexLabels.hash] ?? "";
}

interface Reviewed {
  readonly runId: string;
  /** Hash of its present version. */
  readonly hash: string;
  readonly planned: MovesPlanned;
}

async function reviewRun(
  dependencies: BulkDependencies,
  move: BulkMove,
  { runId, hash, planned }: Reviewed,
  context: CallContext,
): Promise<void> {
  const review = await reviewOf(dependencies, move, { runId, planned }, context);
  const { verdict } = review;
  const isThere = verdict === MoveVerdict.MOVE_VERDICT_IDENTICAL && review.hash === hash;
  const value = verdictNames[verdict] ?? "";
  const group = planned.groups.get(value) ?? { value, count: 0, exampleRunId: runId };
  planned.groups.set(value, group);
  group.count++;
  const isReported = isThere || verdict >= MoveVerdict.MOVE_VERDICT_BUSY;
  const hasRoom = planned.reviews.filter((each) => each.review?.verdict === verdict).length < reviewsMax;
  if (isReported && hasRoom)
    planned.reviews.push({ runId, review: isThere ? { ...review, problems: [onVersion] } : review });
  if (verdict > MoveVerdict.MOVE_VERDICT_BUSY) {
    planned.leftAlone++;
    return;
  }
  // A run that has the version already does not move. Its children may.
  if (isThere) planned.leftAlone++;
  else planned.runIds.push(runId);
  if (move.children && !move.back)
    await addChildren(dependencies, move, { runId, planned }, review.hash, context);
}

/** Reviews one run. A run that has ended meanwhile, or has no definition, cannot be moved. */
async function reviewOf(
  { runs }: BulkDependencies,
  { version, map, restart, back }: BulkMove,
  { runId, planned }: Omit<Reviewed, "hash">,
  context: CallContext,
): Promise<MoveReview> {
  const named = { namespace: context.namespace, runId, version: planned.versions[runId] ?? version };
  try {
    const request = MoveRunRequest.fromPartial({ ...named, map, restart, back, dryRun: true });
    return (await runs.moveRun(request, { context })).review ?? MoveReview.create();
  } catch (thrown) {
    const error = errorFromUnknown(thrown);
    if (error.status !== "FAILED_PRECONDITION" && error.status !== "NOT_FOUND") throw error;
    const problems = [{ id: "", message: error.message }];
    return MoveReview.create({ verdict: MoveVerdict.MOVE_VERDICT_IMPOSSIBLE, problems });
  }
}

/** Adds running children, each with the version that the version of its parent names. */
async function addChildren(
  dependencies: BulkDependencies,
  move: BulkMove,
  { runId, planned }: Omit<Reviewed, "hash">,
  hash: string,
  context: CallContext,
): Promise<void> {
  const { namespace } = context;
  const filter = RunFilter.fromPartial({ parent: { namespace, kind: "run", id: runId } });
  const named = await dependencies.childVersions(hash, namespace);
  for await (const { key, status, definition, labels } of matching(dependencies, filter, namespace)) {
    const version = named.get(definition);
    if (!isMovable(status) || version === undefined || planned.runIds.includes(key.id)) continue;
    planned.versions[key.id] = version;
    await reviewRun(
      dependencies,
      { ...move, map: {} },
      { runId: key.id, hash: hashIn(labels), planned },
      context,
    );
  }
}
