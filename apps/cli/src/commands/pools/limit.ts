import type { Context } from "../../command/declaration.ts";
import { usageFailure } from "../../command/failure.ts";
import type { Result } from "../../command/presenter.ts";
import { listPages } from "../../server/pages.ts";
import { allowanceFromOptions, printRate } from "../../server/rate.ts";
import { connect } from "../../server/server.ts";
import { safe } from "../../terminal/text.ts";
import { reasonOf } from "../request.ts";

/** Sets or removes a limit with a key. Without a key, lists the limits. */
export function poolLimit(context: Context): Promise<Result> {
  const key = context.values.optionalArgument("KEY");
  if (key === undefined) return listLimits(context);
  return context.values.flag("remove") ? removeLimit(context, key) : setLimit(context, key);
}

async function listLimits(context: Context): Promise<Result> {
  const { values, print } = context;
  const params = { pool: values.argument("POOL") };
  const server = await connect(context);
  const query = { ...server.namespace, ...(values.flag("all-keys") ? { withThoseOfTasks: true } : {}) };
  const { entries, nextToken } = await listPages(
    context,
    (page) => server.call("pools.limits", { params, query: { ...query, ...page } }),
    ({ limits }) => limits,
  );
  return {
    json: { limits: entries },
    nextToken,
    quiet: entries.map(({ key }) => key),
    empty:
      entries.length === 0
        ? values.flag("all-keys")
          ? `No limits yet. Set one: tutti pool limit ${params.pool} KEY --concurrency 5`
          : `No limits are set. Limits of tasks in workflows: tutti pool limit ${params.pool} --all-keys`
        : undefined,
    draw: () => {
      print.table(
        [
          { title: "key", widthMin: 8 },
          { title: "concurrency", align: "right" },
          { title: "rate", yields: 1, widthMin: 8 },
          { title: "queued", align: "right" },
          { title: "running", align: "right" },
          { title: "retrying", align: "right" },
          { title: "held by", yields: 2, widthMin: 8 },
        ],
        entries.map(({ key, rate, queued = 0, running = 0, retrying = 0, holders, ...limit }) => [
          { text: key, tone: "bold" },
          { text: concurrencyOf(limit), tone: "dim" },
          { text: printRate(rate), tone: "dim" },
          { text: String(queued), tone: queued > 0 ? "yellow" : "dim" },
          { text: String(running), tone: "cyan" },
          { text: String(retrying), tone: "dim" },
          { text: holders.map(({ id, task }) => `${id ?? ""}/${task ?? ""}`).join(", "), tone: "dim" },
        ]),
      );
    },
  };
}

/** Returns the maximum concurrency. For a limit on a resource, the used and the maximum amount. */
function concurrencyOf({ maxConcurrent = 0, resource = "", maxAmount = 0, amount = 0 }: Counted): string {
  if (resource !== "") return `${amount} of ${maxAmount} ${resource}`;
  return maxConcurrent === 0 ? "any" : String(maxConcurrent);
}

interface Counted {
  readonly maxConcurrent?: number;
  readonly resource?: string;
  readonly maxAmount?: number;
  readonly amount?: number;
}

async function setLimit(context: Context, key: string): Promise<Result> {
  const { values, print } = context;
  const allowance = allowanceFromOptions(context);
  if (allowance.maxConcurrent === undefined && allowance.rate === undefined)
    throw usageFailure("Set --concurrency, --rate or --remove.", [
      [`tutti pool limit ${values.argument("POOL")} ${key} --concurrency 5`, "allows five"],
    ]);
  const server = await connect(context);
  const limit = await server.call("pools.setLimit", {
    params: { pool: values.argument("POOL") },
    query: { ...server.namespace, ...reasonOf(context) },
    body: { key, ...allowance },
  });
  return {
    json: limit,
    quiet: [key],
    draw: () => {
      print.line(
        `${print.style.green("✓")} ${safe(key)} set: ${limit.queued ?? 0} queued, ${limit.running ?? 0} running`,
      );
      print.note(
        print.errorStyle.dim(
          `It overrides \`${safe(key)}\` in workflows. Remove it: tutti pool limit ${safe(values.argument("POOL"))} ${safe(key)} --remove`,
        ),
      );
    },
  };
}

async function removeLimit(context: Context, key: string): Promise<Result> {
  const { values, print } = context;
  const server = await connect(context);
  const reply = await server.call("pools.deleteLimit", {
    params: { pool: values.argument("POOL") },
    query: { ...server.namespace, key, ...reasonOf(context) },
  });
  return {
    json: reply,
    quiet: [],
    draw: () => {
      print.line(
        reply.removed === true
          ? `${print.style.green("✓")} ${safe(key)} removed`
          : `${print.style.dim("–")} ${safe(key)} was not set`,
      );
    },
  };
}
