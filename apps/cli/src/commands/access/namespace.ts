/** Lists, creates and deletes namespaces. */

import type { Context } from "../../command/declaration.ts";
import { usageFailure } from "../../command/failure.ts";
import type { Result } from "../../command/presenter.ts";
import { listPages } from "../../server/pages.ts";
import { connect } from "../../server/server.ts";
import { safe } from "../../terminal/text.ts";
import { printAge } from "../../terminal/time.ts";
import { doneOutcome } from "../outcome.ts";

export async function listNamespaces(context: Context): Promise<Result> {
  const { print, shell } = context;
  const server = await connect(context);
  const { entries, nextToken } = await listPages(
    context,
    (page) => server.call("namespaces.list", { query: page }),
    ({ resources }) => resources,
  );
  return {
    json: { resources: entries },
    nextToken,
    quiet: entries.map(({ name }) => name),
    draw: () => {
      print.table(
        [
          { title: "namespace", widthMin: 8 },
          { title: "created" },
          { title: "description", yields: 1, widthMin: 8 },
        ],
        entries.map(({ name, createTimeMs, suspended, description = "" }) => [
          { text: name, tone: suspended === true ? "yellow" : "bold" },
          {
            text: createTimeMs === undefined ? "always" : printAge(createTimeMs, shell.nowMs()),
            tone: "dim",
          },
          { text: suspended === true ? `suspended; ${description}` : description },
        ]),
      );
    },
  };
}

export async function createNamespace(context: Context): Promise<Result> {
  const { values } = context;
  const name = values.argument("NAME");
  const description = values.text("description");
  const server = await connect(context);
  const labels = values.labels("label");
  const body = { name, labels, ...(description === undefined ? {} : { description }) };
  const reply = await server.call("namespaces.create", { body });
  const line = `${safe(name)} ${reply.existed === true ? "already exists" : "created"}`;
  return doneOutcome(context, reply, { id: name, line });
}

export async function deleteNamespace(context: Context): Promise<Result> {
  const { values } = context;
  const name = values.argument("NAME");
  const reason = values.text("reason");
  if (reason === undefined)
    throw usageFailure("--reason is required.", [
      [
        `tutti namespace delete ${safe(name)} --reason "moved elsewhere"`,
        "records the reason in the audit log",
      ],
    ]);
  const server = await connect(context);
  const reply = await server.call("namespaces.delete", { params: { name }, query: { reason } });
  const line = `${safe(name)} ${reply.removed === true ? "deleted" : "not found"}`;
  return doneOutcome(context, reply, { id: name, line, isAsBefore: reply.removed !== true });
}
