import { counted } from "@tutti/kernel";
import type { Inbox, InboxInput } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import { Failure, usageFailure } from "../../command/failure.ts";
import type { Result } from "../../command/presenter.ts";
import { connect } from "../../server/server.ts";
import { safe } from "../../terminal/text.ts";
import { printDurationMs } from "../../terminal/time.ts";
import { listed } from "../listing.ts";
import { deletedOutcome } from "../outcome.ts";
import { poolOf, presentLabels, reasonOf } from "../request.ts";
import { findQuestion } from "../runs/approve.ts";

const slotsByDefault = 100;

export function listInboxes(context: Context): Promise<Result> {
  return listed(context, {
    name: "inboxes",
    fetchPage: async (server, page) => {
      const query = { ...server.namespace, ...poolOf(context), ...page };
      const { inboxes, ...rest } = await server.call("inboxes.list", { query });
      return { ...rest, entries: inboxes };
    },
    idOf: ({ inboxId }) => inboxId,
    columns: [
      { title: "inbox", widthMin: 8 },
      { title: "pool", yields: 2, widthMin: 7 },
      { title: "capabilities", yields: 1, widthMin: 12 },
      { title: "people", yields: 2, widthMin: 8 },
      { title: "open", align: "right" },
      { title: "slots", align: "right" },
    ],
    row: (inbox) => [
      { text: inbox.inboxId, tone: "bold" },
      { text: inbox.pool ?? "", tone: "dim" },
      { text: capabilitiesOf(inbox), tone: "cyan" },
      { text: peopleOf(inbox), tone: "dim" },
      String(inbox.openTasks ?? 0),
      { text: String(inbox.slots || slotsByDefault), tone: "dim" },
    ],
    empty: "No inboxes yet. Create one: tutti inbox set ID --capability NAME --person ID",
  });
}

export async function showInbox(context: Context): Promise<Result> {
  const { print, values } = context;
  const server = await connect(context);
  const params = { id: values.argument("ID") };
  const inbox = await server.call("inboxes.get", {
    params,
    query: { ...server.namespace, ...poolOf(context) },
  });
  return {
    json: inbox,
    draw: () => {
      print.line(print.style.bold(safe(inbox.inboxId)));
      print.line("");
      print.facts([
        ["about", inbox.description],
        ["pool", inbox.pool],
        ["capabilities", capabilitiesOf(inbox)],
        ["people", peopleOf(inbox)],
        ["answers needed", String(inbox.answersNeeded || 1)],
        ["open", `${inbox.openTasks ?? 0} of ${counted(inbox.slots || slotsByDefault, "slot")}`],
        [
          "escalates",
          inbox.escalation
            .map(({ afterMs = 0, people }) => `after ${printDurationMs(afterMs)} to ${people.join(", ")}`)
            .join(", then "),
        ],
        [
          "hours",
          inbox.hours
            .map(({ begin, end, timeZone = "" }) => `${begin} to ${end} ${timeZone || "UTC"}`)
            .join(", "),
        ],
        ["expires", inbox.withinMs ? `after ${printDurationMs(inbox.withinMs)}` : "never"],
        ["claims", inbox.claimMs ? `end after ${printDurationMs(inbox.claimMs)}` : "last until the answer"],
        ["changed by", inbox.updateCause?.actor?.id],
        ["revision", inbox.revision],
      ]);
    },
  };
}

export async function setInbox(context: Context): Promise<Result> {
  const { print, values, shell } = context;
  const id = values.argument("ID");
  const names = values.texts("capability");
  if (names.length === 0) throw usageFailure("Set --capability NAME.");
  const file = values.text("schema");
  const outputSchema = file === undefined ? undefined : await shell.readText(file);
  const description = values.text("description");
  const server = await connect(context);
  const labels = await presentLabels(server.call("inboxes.get", { params: { id }, query: server.namespace }));
  const inbox = await server.call("inboxes.set", {
    params: { id },
    query: { ...server.namespace, ...reasonOf(context) },
    body: {
      inboxId: id,
      ...poolOf(context),
      people: values.texts("person"),
      capabilities: names.map((name) => ({
        name,
        version: "1.0.0",
        ...(outputSchema !== undefined && { outputSchema }),
        ...(description !== undefined && { description }),
      })),
      ...(description !== undefined && { description }),
      ...withoutUndefined({
        answersNeeded: values.integer("answers"),
        slots: values.integer("max-open"),
        withinMs: values.durationMs("answer-within"),
        claimMs: values.durationMs("claim-for"),
      }),
      ...labels,
    } as InboxInput,
  });
  return {
    json: inbox,
    quiet: [inbox.inboxId],
    draw: () => print.line(`${print.style.green("✓")} ${safe(inbox.inboxId)} is set`),
  };
}

export async function deleteInbox(context: Context): Promise<Result> {
  const { values } = context;
  const id = values.argument("ID");
  const server = await connect(context);
  const reply = await server.call("inboxes.delete", {
    params: { id },
    query: { ...server.namespace, ...poolOf(context), ...reasonOf(context) },
  });
  return deletedOutcome(context, reply, id);
}

/** Delegates a task of an inbox, or another question, to other people. */
export async function delegateTask(context: Context): Promise<Result> {
  const { values, print } = context;
  const id = values.argument("RUN");
  const people = values.texts("person");
  if (people.length === 0) throw usageFailure("Set --person ID.");
  const server = await connect(context);
  const query = server.namespace;
  const body = { ...poolOf(context), ...reasonOf(context), people };
  const reply = await server
    .call("inboxes.delegate", { params: { id }, query, body })
    .catch(async (error: unknown) => {
      if (!(error instanceof Failure) || error.code !== "inbox.task_missing") throw error;
      const { approvalId, about, inboxTask } = await findQuestion(
        server,
        id,
        values.optionalArgument("TASK"),
      );
      // The run whose task is in the inbox.
      if (inboxTask !== undefined)
        return await server.call("inboxes.delegate", { params: { id: about?.id ?? "" }, query, body });
      await server.call("approvals.delegate", {
        params: { id: approvalId },
        query: server.namespace,
        body: { runId: about?.id ?? id, people, ...reasonOf(context) },
      });
      return { runId: about?.id ?? id };
    });
  const runId = reply.runId ?? id;
  return {
    json: reply,
    quiet: [runId],
    draw: () => print.line(`${print.style.green("✓")} ${safe(people.join(", "))} has ${safe(runId)}`),
  };
}

function capabilitiesOf({ capabilities }: Inbox): string {
  return capabilities.map(({ name }) => name).join(", ");
}

function peopleOf({ people }: Inbox): string {
  return people.length === 0 ? "any" : people.join(", ");
}

function withoutUndefined<T extends object>(fields: T): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;
}
