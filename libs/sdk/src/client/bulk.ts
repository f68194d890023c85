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

const actions = {
  /** Retries runs from the tasks that did not complete. */
  retry: { $case: "retry", value: { taskIds: [] } },
  pause: { $case: "pause", value: {} },
  resume: { $case: "resume", value: {} },
  cancel: { $case: "cancel", value: {} },
  terminate: { $case: "terminate", value: {} },
  /** Removes those that have ended. */
  remove: { $case: "remove", value: {} },
} as const satisfies Readonly<Record<string, Action>>;

export type BulkWord = keyof typeof actions;

/** To which version runs move, and how. */
export interface MoveOptions {
  /** A label or a hash. The latest version by default. */
  readonly to?: string;
  /** Tasks and states that have another id there, by their ids in the run. An empty one is dropped. */
  readonly map?: Readonly<Record<string, string>>;
  /** Restarts attempts that the version cannot continue. Without it, such a run is refused as busy. */
  readonly restart?: boolean;
  /** To before the last move, as long as nothing has happened since. */
  readonly back?: boolean;
}

export interface MoveManyOptions extends MoveOptions {
  /** Their children move too, each to the version that the version of its parent names. */
  readonly children?: boolean;
}

/** How a run fits a version of its definition. */
export type MoveWord = "identical" | "safe" | "busy" | "needs mapping" | "impossible";

export interface MoveReview {
  readonly verdict: MoveWord;
  /** Reasons why the run cannot move. An empty id stands for the run. */
  readonly problems: readonly { readonly id: string; readonly message: string }[];
  /** Notes about a run that can move. */
  readonly notes: readonly string[];
}

const verdicts: Readonly<Record<number, MoveWord>> = {
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

/** The affected runs of an action. A preview names exactly these runs, and is valid for an hour. */
export interface BulkPreview {
  readonly count: number;
  /** How many match that the action does not fit. */
  readonly leftAlone: number;
  /** How many by the code of their error, or by status where there is none. Most first. */
  readonly groups: readonly { readonly value: string; readonly count: number }[];
  /** Of a move: runs that do not simply move, with why. At most 20 of each verdict. */
  readonly reviews: readonly (MoveReview & { readonly runId: string })[];
  /** Executes the action. Each run records the reason. `perSecond` limits the pace. */
  apply(reason: string, options?: { readonly perSecond?: number }): Promise<BulkOutcome>;
}

export async function previewBulk(
  { bulk, namespace }: BulkParts,
  word: BulkWord | MoveManyOptions,
  filter: RunFilter,
): Promise<BulkPreview> {
  const action = { action: typeof word === "string" ? (actions[word] as Action) : moveOf(word) };
  const previewed = await bulk.previewBulk({ namespace, filter, action });
  const { previewToken, count, leftAlone, groups } = previewed;
  const reviews = previewed.reviews.map(({ runId, review }) => ({ runId, ...reviewFrom(review) }));
  return {
    count,
    leftAlone,
    groups,
    reviews,
    async apply(reason, { perSecond = 0 } = {}) {
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
