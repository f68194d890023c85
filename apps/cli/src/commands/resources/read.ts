/** Lists and shows quotas, reservations and allocations. */

import { amountOf, selectorText } from "@tutti/kernel";
import type { Context } from "../../command/declaration.ts";
import type { Result } from "../../command/presenter.ts";
import { listPages } from "../../server/pages.ts";
import { connect } from "../../server/server.ts";
import { safe } from "../../terminal/text.ts";
import { printDurationMs } from "../../terminal/time.ts";
import { ofAgents } from "./of-agents.ts";

type Amounts = Readonly<Record<string, number>>;

export async function listResources(context: Context): Promise<Result> {
  const { print } = context;
  const server = await connect(context);
  const query = { ...server.namespace, ...filterOf(context) };
  const { entries, nextToken } = await listPages(
    context,
    (page) => server.call("resources.list", { query: { ...query, ...page } }),
    ({ resources }) => resources,
  );
  return {
    json: { resources: entries },
    nextToken,
    quiet: entries.map(({ name = "" }) => name),
    draw: () => {
      print.table(
        [
          { title: "resource", widthMin: 8 },
          { title: "pool" },
          { title: "capacity", align: "right" },
          { title: "used", align: "right" },
          { title: "reserved", align: "right" },
          { title: "wanted", align: "right" },
        ],
        entries.map(
          ({ name = "", pool = "", labels, capacity = 0, used = 0, reserved = 0, wanted: more = 0 }) => [
            { text: name, tone: "bold" },
            { text: `${pool}${ofAgents({ equals: labels })}`, tone: "dim" },
            { text: amount(capacity), tone: capacity > 0 ? "plain" : "dim" },
            { text: amount(used), tone: used > 0 ? "cyan" : "dim" },
            { text: amount(reserved), tone: reserved > 0 ? "magenta" : "dim" },
            { text: amount(more), tone: more > 0 ? "yellow" : "dim" },
          ],
        ),
      );
    },
  };
}

export async function listAllocations(context: Context): Promise<Result> {
  const { print } = context;
  const server = await connect(context);
  const query = { ...server.namespace, ...filterOf(context) };
  const { entries, nextToken } = await listPages(
    context,
    (page) => server.call("allocations.list", { query: { ...query, ...page } }),
    ({ allocations }) => allocations,
  );
  return {
    json: { allocations: entries },
    nextToken,
    quiet: entries.map(({ session }) => session?.id ?? ""),
    empty: entries.length === 0 ? "No session uses or requests resources." : undefined,
    draw: () => {
      print.table(
        [
          { title: "session", widthMin: 8 },
          { title: "weight", align: "right" },
          { title: "granted" },
          { title: "waits for" },
          { title: "share", yields: 1, widthMin: 8 },
        ],
        entries.map(({ session, weight = 1, granted, wanted: more, share }) => [
          { text: session?.id ?? "", tone: "bold" },
          { text: amount(weight), tone: "dim" },
          { text: amountsOf(granted), tone: "cyan" },
          { text: amountsOf(more), tone: "yellow" },
          { text: amountsOf(share), tone: "dim" },
        ]),
      );
    },
  };
}

export async function explainAllocation(context: Context): Promise<Result> {
  const { values, print } = context;
  const server = await connect(context);
  const params = { session: values.argument("SESSION") };
  const reply = await server.call("allocations.explain", { params, query: server.namespace });
  return {
    json: reply,
    draw: () => {
      print.lines((reply.explanation?.summary ?? "").split("; ").map(safe));
    },
  };
}

export async function listQuotas(context: Context): Promise<Result> {
  const { print } = context;
  const server = await connect(context);
  const { entries, nextToken } = await listPages(
    context,
    (page) => server.call("quotas.list", { query: { ...server.namespace, ...page } }),
    ({ quotas }) => quotas,
  );
  return {
    json: { quotas: entries },
    nextToken,
    quiet: entries.map(({ quotaId }) => quotaId),
    empty:
      entries.length === 0 ? "No quotas yet. Set one: tutti quota set default --limit slots=20" : undefined,
    draw: () => {
      print.table(
        [
          { title: "quota", widthMin: 8 },
          { title: "resource" },
          { title: "used", align: "right" },
          { title: "limit", align: "right" },
          { title: "sessions", yields: 1, widthMin: 8 },
        ],
        entries.flatMap(({ quotaId, limits = {}, used = {}, sessions }) =>
          Object.entries(limits).map(([name, limit]) => {
            const now = used[name] ?? 0;
            return [
              { text: quotaId, tone: "bold" as const },
              { text: name },
              { text: amount(now), tone: now >= limit ? ("yellow" as const) : ("cyan" as const) },
              { text: amount(limit) },
              { text: selectorText(sessions ?? {}) || "all of the namespace", tone: "dim" as const },
            ];
          }),
        ),
      );
    },
  };
}

export async function listReservations(context: Context): Promise<Result> {
  const { print, shell } = context;
  const nowMs = shell.nowMs();
  const server = await connect(context);
  const query = { ...server.namespace, ...filterOf(context) };
  const { entries, nextToken } = await listPages(
    context,
    (page) => server.call("reservations.list", { query: { ...query, ...page } }),
    ({ reservations }) => reservations,
  );
  return {
    json: { reservations: entries },
    nextToken,
    quiet: entries.map(({ reservationId }) => reservationId),
    empty:
      entries.length === 0
        ? "No reservations yet. Create one: tutti reservation create night --amount gpu=2 --duration 8h"
        : undefined,
    draw: () => {
      print.table(
        [
          { title: "reservation", widthMin: 8 },
          { title: "pool" },
          { title: "holds" },
          { title: "time" },
          { title: "sessions", yields: 1, widthMin: 8 },
        ],
        entries.map(({ reservationId, pool = "default", amounts, agents, span, sessions }) => {
          const { fromMs = 0, toMs = 0 } = span ?? {};
          const isNow = fromMs <= nowMs;
          const when = isNow
            ? `now, for another ${printDurationMs(Math.max(0, toMs - nowMs))}`
            : `in ${printDurationMs(fromMs - nowMs)}, for ${printDurationMs(toMs - fromMs)}`;
          return [
            { text: reservationId, tone: "bold" },
            { text: pool, tone: "dim" },
            { text: `${amountsOf(amounts)}${ofAgents(agents)}`, tone: "magenta" },
            { text: when, tone: isNow ? "plain" : "dim" },
            { text: sessions === undefined ? "who names it" : selectorText(sessions), tone: "dim" },
          ];
        }),
      );
    },
  };
}

function filterOf({ values }: Context): { readonly pool?: string; readonly name?: string } {
  const [pool, name] = [values.text("pool"), values.text("name")];
  return { ...(pool === undefined ? {} : { pool }), ...(name === undefined ? {} : { name }) };
}

function amountsOf(amounts: Amounts | undefined): string {
  const all = Object.entries(amounts ?? {}).filter(([, much]) => much > 0);
  return all.length === 0 ? "–" : all.map(([name, much]) => amountOf(Number(amount(much)), name)).join(", ");
}

function amount(much: number): string {
  return String(Math.round(much * 100) / 100);
}
