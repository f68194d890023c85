/** Sets and deletes quotas and reservations. */

import { amountOf } from "@tutti/kernel";
import type { Context } from "../../command/declaration.ts";
import { usageFailure } from "../../command/failure.ts";
import type { Result } from "../../command/presenter.ts";
import { connect } from "../../server/server.ts";
import { safe } from "../../terminal/text.ts";
import { amountsIn } from "../amounts.ts";
import { deletedOutcome } from "../outcome.ts";
import { presentLabels, reasonOf } from "../request.ts";
import { ofAgents } from "./of-agents.ts";

export async function setQuota(context: Context): Promise<Result> {
  const { values, print } = context;
  const params = { quota: values.argument("QUOTA") };
  const limits = amountsIn(context, "limit", [
    `tutti quota set ${params.quota} --limit slots=20`,
    "allows twenty slots",
  ]);
  const server = await connect(context);
  const labels = await presentLabels(server.call("quotas.get", { params, query: server.namespace }));
  const quota = await server.call("quotas.set", {
    params,
    query: { ...server.namespace, ...reasonOf(context) },
    body: { quotaId: params.quota, limits, ...sessionsOf(context), ...labels },
  });
  return {
    json: quota,
    quiet: [params.quota],
    draw: () => {
      print.line(`${print.style.green("✓")} ${safe(params.quota)} allows ${amountsText(limits)}`);
    },
  };
}

export async function deleteQuota(context: Context): Promise<Result> {
  const params = { quota: context.values.argument("QUOTA") };
  const server = await connect(context);
  const reply = await server.call("quotas.delete", {
    params,
    query: { ...server.namespace, ...reasonOf(context) },
  });
  return deletedOutcome(context, reply, params.quota);
}

export async function createReservation(context: Context): Promise<Result> {
  const { values, print, shell } = context;
  const reservationId = values.argument("RESERVATION");
  const example = [
    `tutti reservation create ${reservationId} --amount gpu=2 --duration 8h`,
    "reserves two GPUs",
  ] as const;
  const amounts = amountsIn(context, "amount", example);
  const forMs = values.durationMs("duration");
  if (forMs === undefined) throw usageFailure("--duration is required.", [example]);
  const fromMs = shell.nowMs() + (values.durationMs("in") ?? 0);
  const [pool, description] = [values.text("pool"), values.text("description")];
  const agents = values.labels("agents");
  const server = await connect(context);
  const reply = await server.call("reservations.create", {
    query: server.namespace,
    body: {
      reservationId,
      amounts,
      span: { fromMs, toMs: fromMs + forMs },
      ...(pool === undefined ? {} : { pool }),
      ...(description === undefined ? {} : { description }),
      ...(Object.keys(agents).length === 0 ? {} : { agents: { equals: agents } }),
      ...sessionsOf(context),
    },
  });
  return {
    json: reply,
    quiet: [reservationId],
    draw: () => {
      print.line(
        `${print.style.green("✓")} ${safe(reservationId)} reserves ${amountsText(amounts)}${safe(ofAgents({ equals: agents }))} until ${new Date(fromMs + forMs).toISOString()}`,
      );
    },
  };
}

export async function deleteReservation(context: Context): Promise<Result> {
  const params = { reservation: context.values.argument("RESERVATION") };
  const server = await connect(context);
  const reply = await server.call("reservations.delete", {
    params,
    query: { ...server.namespace, ...reasonOf(context) },
  });
  return deletedOutcome(context, reply, params.reservation);
}

function amountsText(amounts: Readonly<Record<string, number>>): string {
  return Object.entries(amounts)
    .map(([name, amount]) => amountOf(amount, name))
    .join(" and ");
}

function sessionsOf({ values }: Context) {
  const equals = values.labels("selector");
  return Object.keys(equals).length === 0 ? {} : { sessions: { equals } };
}
