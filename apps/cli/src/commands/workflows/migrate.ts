/** Migrates active runs to another version of their workflow: a plan, a question, then the migrations. */
import { counted } from "@tutti/kernel";
import type { BulkReview, Definition, PreviewBulkReply, RunFilterInput } from "@tutti/rest/types";
import { isConfirmed } from "../../command/confirm.ts";
import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import type { Result } from "../../command/presenter.ts";
import type { Server } from "../../server/calls.ts";
import { connect } from "../../server/server.ts";
import { padStart, safe } from "../../terminal/text.ts";
import { definitionNamed } from "../definition.ts";
import { applyBulk } from "../runs/steer-many.ts";

export async function migrate(context: Context): Promise<Result> {
  const { values, print, command } = context;
  const [name = "", version] = values.argument("NAME[@VERSION]").split("@");
  const isUndo = values.flag("undo");
  const to = (values.text("to") ?? "").replace(/^@/, "");
  const server = await connect(context);
  await requireVersion(server, name, isUndo ? "" : to);
  const filter = await filterFrom(context, server, { name, version: isUndo ? undefined : version });
  const options = { restart: values.flag("restart"), children: values.flag("children"), back: isUndo };
  const move = { version: to, map: values.labels("map"), ...options };
  const preview = await server.call("bulk.preview", {
    query: server.namespace,
    body: { filter, action: { move } },
  });
  const { count = 0, previewToken = "", leftAlone = 0, groups, reviews } = preview;
  const plan = { count, leftAlone, groups, reviews };
  if (values.flag("dry-run") || count === 0) return { json: plan, draw: () => drawPlan(context, preview) };
  print.preview(() => drawPlan(context, preview));
  if (!(await isConfirmed(context, `Move ${counted(count, "run")}?`))) return exitCodes.completed;
  const reason = values.text("reason") ?? `tutti ${command.name}`;
  const perSecond = values.integer("pace") ?? 0;
  return await applyBulk(context, server, { previewToken, reason, count, done: "moved", perSecond });
}

async function filterFrom(
  { values }: Context,
  server: Server,
  { name, version }: { readonly name: string; readonly version: string | undefined },
): Promise<RunFilterInput> {
  const equals = values.labels("where");
  const runIds = values.texts("only");
  const hash = version === undefined ? undefined : await hashOf(server, name, version);
  return {
    definitions: [name],
    statuses: ["pending", "running", "paused"],
    ...(hash === undefined ? {} : { definitionHash: hash }),
    ...(Object.keys(equals).length === 0 ? {} : { labels: { equals } }),
    ...(runIds.length === 0 ? {} : { runIds }),
  };
}

async function hashOf(server: Server, name: string, version: string): Promise<string | undefined> {
  const { hash } = definitionNamed(`${name}@${version}`);
  return hash ?? (await requireVersion(server, name, version)).hash;
}

/** Fails for an unknown workflow or version. The preview reports it for each run, and nothing without active runs. */
function requireVersion(server: Server, name: string, version: string): Promise<Definition> {
  const { name: _, ...query } = definitionNamed(version === "" ? name : `${name}@${version}`);
  return server.call("workflows.get", { params: { name }, query: { ...server.namespace, ...query } });
}

const meanings: Readonly<Record<string, string>> = {
  identical: "only the version changes, or the run is on it already",
  safe: "every started task exists in the new version",
  busy: "a running attempt cannot be taken over. It is tried, or starts again with --restart",
  "needs mapping": "not moved: map the task with --map OLD=NEW",
  impossible: "not moved",
};

/** Maximum of named runs that are tried, and of those that are left alone. */
const reviewsMost = 5;

function drawPlan({ print }: Context, { count = 0, leftAlone = 0, groups, reviews }: PreviewBulkReply): void {
  const { style } = print;
  if (groups.length === 0) {
    print.note("No active runs match.");
    return;
  }
  print.line(
    `${style.bold(counted(count, "run"))} to move${leftAlone === 0 ? "" : style.dim(`, ${leftAlone} left alone`)}`,
  );
  const most = Math.max(0, ...groups.map((group) => String(group.count ?? 0).length));
  for (const { value = "", count: found = 0 } of groups)
    print.line(`  ${padStart(String(found), most)}  ${value}  ${style.dim(meanings[value] ?? "")}`);
  const isTried = ({ review }: BulkReview) => review?.verdict === "busy";
  for (const review of reviews.filter(isTried).slice(0, reviewsMost)) drawReview(print, review);
  for (const review of reviews.filter((each) => !isTried(each)).slice(0, reviewsMost))
    drawReview(print, review);
  if (leftAlone > reviewsMost) print.line(style.dim(`and ${leftAlone - reviewsMost} more left alone`));
}

function drawReview(print: Context["print"], { runId = "", review }: BulkReview): void {
  const [problem] = review?.problems ?? [];
  const id = problem?.id ? `${safe(problem.id)}: ` : "";
  print.line(
    `${print.style.dim("·")} ${safe(runId)}  ${print.style.dim(`${id}${safe(problem?.message ?? "")}`)}`,
  );
}
