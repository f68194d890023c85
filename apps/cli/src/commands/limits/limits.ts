/** Limits on whole runs, over all pools. `pool limit` has those of one pool. */

import { idOfKey } from "@tutti/kernel";
import type { Holder, Limit } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import { usageFailure } from "../../command/failure.ts";
import type { Result } from "../../command/presenter.ts";
import { listPages } from "../../server/pages.ts";
import { allowanceFromOptions, printRate } from "../../server/rate.ts";
import { connect } from "../../server/server.ts";
import { safe } from "../../terminal/text.ts";
import { printAge } from "../../terminal/time.ts";
import { deletedOutcome, doneOutcome } from "../outcome.ts";
import { presentLabels, reasonOf } from "../request.ts";

/** Returns the id of the limit. A workflow may use any text as a key. */
function keyOf(context: Context): string {
  return idOfKey(context.values.argument("KEY"));
}

export async function listLimits(context: Context): Promise<Result> {
  const { values, print } = context;
  const prefix = values.text("prefix");
  const server = await connect(context);
  const query = {
    ...server.namespace,
    ...(prefix === undefined ? {} : { prefix }),
    ...(values.flag("contended") ? { contendedOnly: true } : {}),
  };
  const { entries, nextToken } = await listPages(
    context,
    (page) => server.call("limits.list", { query: { ...query, ...page } }),
    ({ limits }) => limits,
  );
  return {
    json: { limits: entries },
    nextToken,
    quiet: entries.map(({ key }) => key),
    empty:
      entries.length === 0
        ? "No limits of workflows yet. Set one: tutti limit set KEY --concurrency 5. Limits of tasks: tutti pool limit POOL --all-keys"
        : undefined,
    draw: () => {
      print.table(
        [
          { title: "limit", widthMin: 8 },
          { title: "concurrency", align: "right" },
          { title: "rate", yields: 1, widthMin: 8 },
          { title: "held", align: "right" },
          { title: "waiting", align: "right" },
        ],
        entries.map(({ maxConcurrent = 0, rate, held = 0, waiting = 0, ...limit }) => [
          { text: keyText(limit), tone: "bold" },
          { text: maxConcurrent === 0 ? "any" : String(maxConcurrent), tone: "dim" },
          { text: printRate(rate), tone: "dim" },
          { text: String(held), tone: "cyan" },
          { text: String(waiting), tone: waiting > 0 ? "yellow" : "dim" },
        ]),
      );
    },
  };
}

export async function showLimit(context: Context): Promise<Result> {
  const { print, shell } = context;
  const params = { key: keyOf(context) };
  const server = await connect(context);
  const limit: Limit = await server.call("limits.get", { params, query: server.namespace });
  const { entries, nextToken } = await listPages(
    context,
    (page) => server.call("limits.holders", { params, query: { ...server.namespace, ...page } }),
    ({ holders }) => holders,
  );
  return {
    json: { limit, holders: entries },
    nextToken,
    quiet: entries.map(({ work }) => work?.id ?? ""),
    draw: () => {
      print.line(`${print.style.bold(safe(keyText(limit)))}  ${useOf(limit)}`);
      if (entries.length === 0) return;
      print.table(
        [{ title: "run", widthMin: 10 }, { title: "state" }, { title: "since" }],
        entries.map((holder) => [
          { text: nameOf(holder), tone: "bold" },
          isWaiting(holder)
            ? { text: `waits, place ${holder.place}`, tone: "yellow" }
            : { text: "holds it", tone: "cyan" },
          { text: printAge(holder.startTimeMs ?? shell.nowMs(), shell.nowMs()), tone: "dim" },
        ]),
      );
    },
  };
}

/** Returns the key as the workflow has it. */
function keyText({ key, name = key }: Pick<Limit, "key" | "name">): string {
  return name;
}

function useOf({ maxConcurrent = 0, rate, held = 0, waiting = 0 }: Limit): string {
  const most = maxConcurrent === 0 ? "" : ` of ${maxConcurrent}`;
  const perTime = rate === undefined ? "" : `, ${printRate(rate)}`;
  return `${held}${most} held, ${waiting} waiting${perTime}`;
}

function isWaiting({ place = 0 }: Holder): boolean {
  return place > 0;
}

function nameOf({ work }: Holder): string {
  const { id = "", task = "" } = work ?? {};
  return task === "" ? id : `${id}/${task}`;
}

export async function setLimit(context: Context): Promise<Result> {
  const key = keyOf(context);
  const allowance = allowanceFromOptions(context);
  if (allowance.maxConcurrent === undefined && allowance.rate === undefined)
    throw usageFailure("Set --concurrency or --rate.", [
      [`tutti limit set ${key} --concurrency 5`, "allows five concurrent runs"],
    ]);
  const server = await connect(context);
  const labels = await presentLabels(server.call("limits.get", { params: { key }, query: server.namespace }));
  const limit: Limit = await server.call("limits.set", {
    params: { key },
    query: { ...server.namespace, ...reasonOf(context) },
    body: { key, ...nameOfKey(context, key), ...allowance, ...labels },
  });
  return doneOutcome(context, limit, { id: key, line: `${safe(keyText(limit))} set: ${useOf(limit)}` });
}

/** A longer key is stored without its name. */
const nameLengthMax = 200;

function nameOfKey({ values }: Context, key: string): { readonly name?: string } {
  const name = values.argument("KEY");
  return name === key || name.length > nameLengthMax ? {} : { name };
}

export async function deleteLimit(context: Context): Promise<Result> {
  const server = await connect(context);
  const reply = await server.call("limits.delete", {
    params: { key: keyOf(context) },
    query: { ...server.namespace, ...reasonOf(context) },
  });
  return deletedOutcome(context, reply, context.values.argument("KEY"));
}

export async function evictHolder(context: Context): Promise<Result> {
  const { values } = context;
  const [key, id] = [values.argument("KEY"), values.argument("RUN")];
  const task = values.text("task");
  const server = await connect(context);
  const reply = await server.call("limits.evict", {
    params: { key: keyOf(context) },
    query: server.namespace,
    body: {
      work: { ...server.namespace, kind: "run", id, ...(task === undefined ? {} : { task }) },
      reason: values.text("reason") ?? "revoked by `tutti limit evict`",
    },
  });
  const isAsBefore = reply.evicted !== true;
  const line = `${safe(id)} ${isAsBefore ? "did not hold" : "no longer holds"} ${safe(key)}`;
  return doneOutcome(context, reply, { id, line, isAsBefore });
}
