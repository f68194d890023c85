/** One action on many runs: first a preview, then the action. */
import {
  type BulkAction,
  BulkMove,
  type bulkService,
  MoveVerdict,
  type MoveReview as ReviewMessage,
  type RunFilter,
} from "@tutti/contracts/workflow/v1";
import { fromErrorDetail, type TuttiError } from "@tutti/kernel";
import type { Client } from "@tutti/mesh";
import { flag, labels, type OptionNames, requireKnown, text, wholeNumber } from "../options.ts";

export const bulkActions = {
  /** Retries runs from the tasks that did not complete. */
  retry: { $case: "retry", value: { taskIds: [] } },
  pause: { $case: "pause", value: {} },
  resume: { $case: "resume", value: {} },
  cancel: { $case: "cancel", value: {} },
  terminate: { $case: "terminate", value: {} },
  /** Removes those that have ended. */
  remove: { $case: "remove", value: {} },
} as const satisfies Readonly<Record<string, Action>>;

export type BulkActionName = keyof typeof bulkActions;

/** Options of a move to another version. */
export interface MoveOptions {
  /** A label, a hash or its first 8 or more characters. The latest version by default. */
  readonly to?: string;
  /** New ids of tasks and states, by their ids in the run. An empty id drops the task. */
  readonly map?: Readonly<Record<string, string>>;
  /** Restarts attempts that the version cannot continue. Without it, such a run is refused as busy. */
  readonly restart?: boolean;
  /** Undoes the last move, if nothing has happened since. */
  readonly back?: boolean;
}

export const moveOptionNames: OptionNames<MoveOptions> = { to: text, map: labels, restart: flag, back: flag };

export interface MoveManyOptions extends MoveOptions {
  /** Also moves the children, each to the version that the new version of its parent names. */
  readonly children?: boolean;
}

/** Verdict on moving a run to a version of its definition. */
export type MoveVerdictName = "identical" | "safe" | "busy" | "needs mapping" | "impossible";

export interface MoveReview {
  readonly verdict: MoveVerdictName;
  /** Reasons why the run cannot move. An empty id stands for the run. */
  readonly problems: readonly { readonly id: string; readonly message: string }[];
  /** Notes about a run that can move. */
  readonly notes: readonly string[];
}

const verdicts: Readonly<Record<number, MoveVerdictName>> = {
  [MoveVerdict.MOVE_VERDICT_IDENTICAL]: "identical",
  [MoveVerdict.MOVE_VERDICT_SAFE]: "safe",
  [MoveVerdict.MOVE_VERDICT_BUSY]: "busy",
  [MoveVerdict.MOVE_VERDICT_NEEDS_MAPPING]: "needs mapping",
};

export function reviewFrom(review: ReviewMessage | undefined): MoveReview {
  const { verdict = MoveVerdict.MOVE_VERDICT_UNSPECIFIED, problems = [], notes = [] } = review ?? {};
  return { verdict: verdicts[verdict] ?? "impossible", problems, notes };
}

type Action = NonNullable<BulkAction["action"]>;

function moveOf({ to = "", map = {}, ...how }: MoveManyOptions): Action {
  return { $case: "move", value: BulkMove.fromPartial({ version: to, map, ...how }) };
}

export interface BulkParts {
  readonly bulk: Client<typeof bulkService>;
  readonly namespace: string;
}

export interface BulkOutcome {
  readonly done: number;
  readonly refused: readonly { readonly runId: string; readonly error: TuttiError | undefined }[];
}

interface ApplyOptions {
  /** Default: no limit. */
  readonly perSecond?: number;
}

const applyNames: OptionNames<ApplyOptions> = { perSecond: wholeNumber(0) };

/** The affected runs of an action. A preview names exactly these runs, and is valid for an hour. */
export interface BulkPreview {
  readonly count: number;
  /** Number of matching runs that the action does not apply to. */
  readonly leftAlone: number;
  /** Counts by error code, or by status for runs without an error, largest first. */
  readonly groups: readonly { readonly value: string; readonly count: number }[];
  /** For a move: runs that need attention, with reasons. At most 20 per verdict. */
  readonly reviews: readonly (MoveReview & { readonly runId: string })[];
  /** Executes the action. Each run records the reason. `perSecond` limits the pace. */
  apply(reason: string, options?: ApplyOptions): Promise<BulkOutcome>;
}

export async function previewBulk(
  { bulk, namespace }: BulkParts,
  operation: BulkActionName | MoveManyOptions,
  filter: RunFilter,
): Promise<BulkPreview> {
  const action = {
    action: typeof operation === "string" ? (bulkActions[operation] as Action) : moveOf(operation),
  };
  const previewed = await bulk.previewBulk({ namespace, filter, action });
  const { previewToken, count, leftAlone, groups } = previewed;
  const reviews = previewed.reviews.map(({ runId, review }) => ({ runId, ...reviewFrom(review) }));
  return {
    count,
    leftAlone,
    groups,
    reviews,
    async apply(reason, options = {}) {
      requireKnown("preview.apply", options, applyNames);
      const { perSecond = 0 } = options;
      let done = 0;
      const refused: { readonly runId: string; readonly error: TuttiError | undefined }[] = [];
      for await (const reply of bulk.applyBulk({ namespace, previewToken, reason, cursor: "", perSecond })) {
        done = Math.max(done, reply.done);
        for (const { runId, error } of reply.refusals)
          refused.push({ runId, error: error && fromErrorDetail(error) });
      }
      return { done, refused };
    },
  };
}
