/** The preview of an action: its effect, and its runs. */
import {
  type BulkAction,
  type PreviewBulkReply,
  type PreviewBulkRequest,
  type Run,
  type RunCount,
  RunFilter,
} from "@tutti/contracts/workflow/v1";
import type { IndexEntry } from "@tutti/journal";
import type { CallContext } from "@tutti/kernel";
import { indexLabels } from "@tutti/machine-run";
import { requestErrors } from "../../errors.ts";
import { matching, runOf } from "../runs/listing.ts";
import { statusName } from "../runs/status-word.ts";
import { fitsStatus } from "./actions.ts";
import type { BulkDependencies } from "./dependencies.ts";
import { fixable } from "./fixes.ts";
import { planMoves } from "./moves.ts";
import { storePreview } from "./stored-preview.ts";

/** Maximum of runs in one preview. */
const runsMax = 100_000;
const sampleMax = 20;
const groupsMax = 100;

export async function previewBulk(
  dependencies: BulkDependencies,
  { filter = RunFilter.create(), action: requested }: PreviewBulkRequest,
  context: CallContext,
): Promise<PreviewBulkReply> {
  const action = requested?.action;
  if (action === undefined) throw requestErrors.nothingToDo();
  const { namespace } = context;
  if (action.$case === "move") return await previewMoves(dependencies, filter, action, context);
  const runIds: string[] = [];
  const sample: Run[] = [];
  const groups = new Map<string, RunCount>();
  let leftAlone = 0;
  for await (const entry of fitting(dependencies, filter, action, context)) {
    if (entry === undefined) {
      leftAlone++;
      continue;
    }
    if (runIds.length === runsMax) throw requestErrors.tooManyRuns({ max: runsMax });
    const { id } = entry.key;
    runIds.push(id);
    if (sample.length < sampleMax) sample.push(runOf(entry));
    const value = entry.labels[indexLabels.errorCode] ?? statusName(entry.status);
    const group = groups.get(value) ?? { value, count: 0, exampleRunId: id };
    group.count++;
    groups.set(value, group);
  }
  const createMs = dependencies.foundation.clock.now();
  return {
    previewToken: await storePreview(dependencies.blobs(), {
      namespace,
      createMs,
      action,
      runIds,
      versions: {},
    }),
    count: runIds.length,
    leftAlone,
    sample,
    groups: most(groups),
    reviews: [],
  };
}

/** Yields matching runs. Those that the action does not fit are undefined. */
async function* fitting(
  dependencies: BulkDependencies,
  filter: RunFilter,
  action: NonNullable<BulkAction["action"]>,
  context: CallContext,
): AsyncGenerator<IndexEntry | undefined, void> {
  const candidates: IndexEntry[] = [];
  for await (const entry of matching(dependencies, filter, context.namespace))
    if (!fitsStatus(action, entry)) yield undefined;
    else if (action.$case === "fix") candidates.push(entry);
    else yield entry;
  if (action.$case === "fix") yield* fixable(dependencies, action.value, candidates, { context });
}

async function previewMoves(
  dependencies: BulkDependencies,
  filter: RunFilter,
  action: Extract<NonNullable<BulkAction["action"]>, { readonly $case: "move" }>,
  context: CallContext,
): Promise<PreviewBulkReply> {
  const { namespace } = context;
  const matched = matching(dependencies, filter, namespace);
  const { runIds, groups, reviews, leftAlone, versions } = await planMoves(
    dependencies,
    action.value,
    matched,
    context,
  );
  if (runIds.length > runsMax) throw requestErrors.tooManyRuns({ max: runsMax });
  const createMs = dependencies.foundation.clock.now();
  return {
    previewToken: await storePreview(dependencies.blobs(), { namespace, createMs, action, runIds, versions }),
    count: runIds.length,
    leftAlone,
    sample: [],
    groups: most(groups),
    reviews,
  };
}

function most(groups: ReadonlyMap<string, RunCount>): RunCount[] {
  return [...groups.values()].sort((one, other) => other.count - one.count).slice(0, groupsMax);
}
