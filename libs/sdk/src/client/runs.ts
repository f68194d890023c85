/** The runs of a namespace, and the questions that they ask people. */
import { type Approval, ApprovalFilter, LabelSelector, type WorkStatus } from "@tutti/contracts/types/v1";
import { type Run, RunFilter } from "@tutti/contracts/workflow/v1";
import { flag, labels, type OptionNames, oneOf, plain, requireKnown, text } from "../options.ts";
import {
  type BulkActionName,
  type BulkParts,
  type BulkPreview,
  bulkActions,
  type MoveManyOptions,
  moveOptionNames,
  previewBulk,
} from "./bulk.ts";
import { statusCheck, statusNumbers, type WorkState } from "./handle.ts";
import { RunHandle, type RunParts } from "./run.ts";
import { type WatchOptions, watchNames } from "./work/followed.ts";
import { pagesOfLines } from "./work/paging.ts";

export interface FindOptions {
  readonly definition?: string;
  /** As words, such as `failed`, or as numbers of the contract. */
  readonly statuses?: readonly (WorkState | WorkStatus)[];
  /** Labels that must have exactly these values. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Error code of failed runs. */
  readonly errorCode?: string;
  readonly oldestFirst?: boolean;
}

const findNames: OptionNames<FindOptions> = {
  definition: text,
  statuses: [statusCheck],
  labels,
  errorCode: text,
  oldestFirst: flag,
};

const moveNames: OptionNames<MoveManyOptions> = { ...moveOptionNames, children: flag };
const previewNames = { action: { [plain]: oneOf(bulkActions), move: moveNames } };

export interface ApprovalOptions extends WatchOptions {
  /** Only those of this run. */
  readonly runId?: string;
}

const approvalNames: OptionNames<ApprovalOptions> = { ...watchNames, runId: text };

export class Runs {
  readonly #parts: RunParts & BulkParts;

  constructor(parts: RunParts & BulkParts) {
    this.#parts = parts;
  }

  /** Returns the run of a workflow by its id. No call is made. */
  get(id: string): RunHandle {
    return new RunHandle(this.#parts, id);
  }

  /** Lists matching runs, newest first, fetched page by page. */
  list(options: FindOptions = {}): AsyncGenerator<Run, void, void> {
    const { oldestFirst = false } = options;
    const filter = filterOf(options);
    const { namespace, runs } = this.#parts;
    return pagesOfLines(async (page) => {
      const reply = await runs.listRuns({ namespace, filter, oldestFirst, page });
      return { items: reply.runs, token: reply.page?.nextToken };
    });
  }

  /** Previews an action on all matching runs. `apply` executes it. */
  preview(
    action: BulkActionName | { readonly move: MoveManyOptions },
    options: Omit<FindOptions, "oldestFirst"> = {},
  ): Promise<BulkPreview> {
    requireKnown("preview", { action }, previewNames);
    return previewBulk(this.#parts, typeof action === "string" ? action : action.move, filterOf(options));
  }
}

export class Approvals {
  readonly #parts: Pick<RunParts, "tasks" | "namespace">;

  constructor(parts: Pick<RunParts, "tasks" | "namespace">) {
    this.#parts = parts;
  }

  /**
   * Yields the open questions, then every new or changed one, until the signal. A decided question is yielded once
   * more, with its verdict.
   */
  async *watch(options: ApprovalOptions = {}): AsyncGenerator<Approval, void, void> {
    requireKnown("approvals.watch", options, approvalNames);
    const { runId = "", signal } = options;
    const filter = ApprovalFilter.fromPartial({ workId: runId });
    const request = { namespace: this.#parts.namespace, filter, cursor: "" };
    for await (const { approvals } of this.#parts.tasks.watchApprovals(request, { signal })) yield* approvals;
  }
}

function filterOf(options: FindOptions): RunFilter {
  requireKnown("runs.list", options, findNames);
  const { definition, statuses = [], labels: equals, errorCode = "" } = options;
  return RunFilter.fromPartial({
    definitions: definition === undefined ? [] : [definition],
    statuses: statusNumbers(statuses),
    errorCode,
    ...(equals !== undefined && { labels: LabelSelector.fromPartial({ equals: { ...equals } }) }),
  });
}
