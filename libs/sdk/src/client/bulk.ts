/** One action on many runs: first what it would be done to, then the doing. */
import type { BulkAction, bulkService, RunFilter } from "@tutti/contracts/workflow/v1";
import { fromErrorDetail, type TuttiError } from "@tutti/kernel";
import type { Client } from "@tutti/mesh";

const actions = {
  /** Takes them up again from the tasks that did not do well. */
  retry: { $case: "retry", value: { taskIds: [] } },
  pause: { $case: "pause", value: {} },
  resume: { $case: "resume", value: {} },
  cancel: { $case: "cancel", value: {} },
  terminate: { $case: "terminate", value: {} },
  /** Removes those that have ended. */
  remove: { $case: "remove", value: {} },
} as const satisfies Readonly<Record<string, NonNullable<BulkAction["action"]>>>;

export type BulkWord = keyof typeof actions;

export interface BulkParts {
  readonly bulk: Client<typeof bulkService>;
  readonly namespace: string;
}

export interface BulkOutcome {
  readonly done: number;
  readonly refused: readonly { readonly runId: string; readonly error: TuttiError | undefined }[];
}

/** What would be done. It names exactly these runs, for an hour. */
export interface BulkPreview {
  readonly count: number;
  /** How many match that the action does not fit. */
  readonly leftAlone: number;
  /** How many by the code of their error, or by status where there is none. Most first. */
  readonly groups: readonly { readonly value: string; readonly count: number }[];
  /** Does it. Why is kept with each of the runs. */
  apply(reason: string): Promise<BulkOutcome>;
}

export async function previewBulk(
  { bulk, namespace }: BulkParts,
  word: BulkWord,
  filter: RunFilter,
): Promise<BulkPreview> {
  const action = { action: actions[word] as NonNullable<BulkAction["action"]> };
  const { previewToken, count, leftAlone, groups } = await bulk.previewBulk({ namespace, filter, action });
  return {
    ...{ count, leftAlone, groups },
    async apply(reason) {
      let done = 0;
      const refused: { readonly runId: string; readonly error: TuttiError | undefined }[] = [];
      for await (const reply of bulk.applyBulk({ namespace, previewToken, reason, cursor: "" })) {
        done = Math.max(done, reply.done);
        for (const { runId, error } of reply.refusals)
          refused.push({ runId, error: error && fromErrorDetail(error) });
      }
      return { done, refused };
    },
  };
}
