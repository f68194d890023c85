/** Applies one action to many runs: a preview, a question, then exactly the previewed runs. */

import { counted } from "@tutti/kernel";
import type {
  ApplyBulkReply,
  BulkActionInput,
  BulkRefusal,
  Mission,
  PreviewBulkReply,
  Run,
  RunFilterInput,
  Session,
} from "@tutti/rest/types";
import { isConfirmed } from "../../command/confirm.ts";
import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import type { Result } from "../../command/presenter.ts";
import type { Server } from "../../server/calls.ts";
import { drawBar } from "../../terminal/bar.ts";
import { displayOf, isState } from "../../terminal/states.ts";
import { padStart, safe } from "../../terminal/text.ts";
import { runColumns, runRow, unknownWorkflow } from "./list.ts";

export type Steered = Run | Mission | Session;

/** Commands that steer one run, mission or session, or many runs. */
export interface Steering {
  /** The outcome in one word: `retried`. */
  readonly done: string;
  /** The outcome if the run has failed again in the meantime. Default: `done`. */
  readonly failed?: string;
  /** Asks before one is changed. Not set: no question. */
  readonly confirm?: (server: Server, id: string) => Promise<boolean>;
  readonly steerOne: (server: Server, id: string) => Promise<Steered | undefined>;
  readonly many: BulkActionInput;
}

interface Many {
  readonly filter: RunFilterInput;
  readonly steering: Steering;
}

export async function steerMany(
  context: Context,
  server: Server,
  { filter, steering }: Many,
): Promise<Result> {
  const { values, print, command } = context;
  const preview = await server.call("bulk.preview", {
    query: server.namespace,
    body: { filter, action: steering.many },
  });
  const { count = 0, previewToken = "" } = preview;
  const unknown = count === 0 ? await unknownWorkflow(server, values.list("workflow")) : undefined;
  if (count === 0)
    return {
      json: { done: 0, refusals: [], leftAlone: preview.leftAlone ?? 0 },
      draw: () => print.note(unknown ?? emptyText(preview, command.name)),
    };
  if (print.canPrompt && !values.flag("yes")) drawPreview(context, preview);
  const verb = command.name.slice(0, 1).toUpperCase() + command.name.slice(1);
  if (!(await isConfirmed(context, `${verb} ${counted(count, "run")}?`))) return exitCodes.completed;
  const reason = values.text("reason") ?? `tutti ${command.name}`;
  return await applyBulk(context, server, { previewToken, reason, count, done: steering.done });
}

function emptyText({ leftAlone = 0 }: PreviewBulkReply, name: string): string {
  if (leftAlone === 0) return "No runs match.";
  return `${counted(leftAlone, "run")} ${leftAlone === 1 ? "is" : "are"} like that, and none in a state to ${name}.`;
}

function drawPreview(
  { print, shell, command }: Context,
  { count = 0, leftAlone = 0, groups, sample }: PreviewBulkReply,
): void {
  const { style } = print;
  print.line(
    `${style.bold(counted(count, "run"))} to ${command.name}${leftAlone === 0 ? "" : style.dim(`, ${leftAlone} more not in a state for it`)}`,
  );
  const most = Math.max(0, ...groups.map((group) => String(group.count ?? 0).length));
  for (const group of groups.slice(0, 10))
    print.line(`  ${padStart(String(group.count ?? 0), most)}  ${safe(groupText(group.value ?? ""))}`);
  print.line("");
  print.table(
    runColumns,
    sample.slice(0, 5).map((run) => runRow(run, shell.nowMs())),
  );
  if (count > 5) print.line(style.dim(`and ${count - Math.min(5, sample.length)} more`));
}

/** Returns a state in words, or the code of an error. */
function groupText(value: string): string {
  return isState(value) ? displayOf(value).words : value;
}

interface Applying {
  /** Maximum rate. */
  readonly perSecond?: number;
  readonly previewToken: string;
  readonly reason: string;
  readonly count: number;
  readonly done: string;
}

export async function applyBulk(
  { print }: Context,
  server: Server,
  { previewToken, reason, count, done: doneText, perSecond = 0 }: Applying,
): Promise<Result> {
  const refusals: BulkRefusal[] = [];
  let done = 0;
  const frames = print.frames("errors");
  const stream = server.follow(
    "bulk.apply",
    { query: server.namespace, body: { previewToken, reason, ...(perSecond > 0 ? { perSecond } : {}) } },
    {},
  );
  try {
    for await (const update of stream) {
      if (!("value" in update)) continue;
      const {
        done: so = done,
        remaining = 0,
        refusals: refused = [],
      }: Partial<ApplyBulkReply> = update.value;
      done = so;
      refusals.push(...refused);
      frames.draw(({ style }) => [
        ` ${drawBar(count === 0 ? 1 : 1 - remaining / count, 30, style)} ${so} of ${count}`,
      ]);
    }
  } finally {
    frames.close();
  }
  return {
    json: { done, refusals },
    quiet: [],
    draw: () => {
      print.line(
        `${print.style.green("✓")} ${counted(done, "run")} ${done === 1 ? doneText : doneText.replace(/^is /, "are ").replace(/^goes /, "go ")}`,
      );
      for (const { runId = "", error } of refusals.slice(0, 10))
        print.line(`${print.style.red("✗")} ${safe(runId)}  ${print.style.dim(safe(error?.message ?? ""))}`);
      if (refusals.length > 10) print.line(print.style.dim(`and ${refusals.length - 10} more rejected`));
    },
    exitCode: refusals.length === 0 ? exitCodes.completed : exitCodes.refused,
  };
}
