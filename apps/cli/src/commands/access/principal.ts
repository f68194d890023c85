/** Lists, creates and deletes known people, services and agents. */

import type { Context } from "../../command/declaration.ts";
import type { Result } from "../../command/presenter.ts";
import { listPages } from "../../server/pages.ts";
import { connect } from "../../server/server.ts";
import { safe } from "../../terminal/text.ts";
import { doneOutcome } from "../outcome.ts";
import { reasonOf } from "../request.ts";
import { actorIn, actorText } from "./actor.ts";

export async function listPrincipals(context: Context): Promise<Result> {
  const { print } = context;
  const server = await connect(context);
  const { entries, nextToken } = await listPages(
    context,
    (page) => server.call("principals.list", { query: { ...server.namespace, ...page } }),
    ({ principals }) => principals,
  );
  return {
    json: { principals: entries },
    nextToken,
    quiet: entries.map(({ actor }) => actorText(actor)),
    empty:
      entries.length === 0 ? "No principals yet. Create one: tutti principal create person:ID" : undefined,
    draw: () => {
      print.table(
        [
          { title: "principal", widthMin: 10 },
          { title: "groups", yields: 1, widthMin: 8 },
          { title: "name", yields: 2, widthMin: 8 },
        ],
        entries.map(({ actor, groups, displayName = "", disabled }) => [
          { text: actorText(actor), tone: disabled === true ? "yellow" : "bold" },
          { text: groups.join(", "), tone: "dim" },
          { text: disabled === true ? `may not act; ${displayName}` : displayName },
        ]),
      );
    },
  };
}

export async function createPrincipal(context: Context): Promise<Result> {
  const { values } = context;
  const actor = actorIn(context, values.argument("PRINCIPAL"));
  const displayName = values.text("title");
  const server = await connect(context);
  const body = {
    actor,
    groups: [...values.texts("group")],
    labels: values.labels("label"),
    ...(displayName === undefined ? {} : { displayName }),
  };
  const reply = await server.call("principals.create", { query: server.namespace, body });
  const line = `${safe(actorText(actor))} ${reply.existed === true ? "already exists" : "created"}`;
  return doneOutcome(context, reply, { id: actorText(actor), line });
}

export async function deletePrincipal(context: Context): Promise<Result> {
  const { kind, id } = actorIn(context, context.values.argument("PRINCIPAL"));
  const server = await connect(context);
  const query = { ...server.namespace, actorKind: kind, actorId: id, ...reasonOf(context) };
  const reply = await server.call("principals.delete", { query });
  const line = `${safe(`${kind}:${id}`)} ${reply.removed === true ? "deleted with all keys and tokens" : "not found"}`;
  return doneOutcome(context, reply, { id: `${kind}:${id}`, line, isAsBefore: reply.removed !== true });
}
