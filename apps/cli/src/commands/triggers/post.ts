import { randomUUID } from "node:crypto";
import type { CloudEventInput } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import { readInput } from "../../command/input.ts";
import type { Result } from "../../command/presenter.ts";
import { connect } from "../../server/server.ts";

export async function postEvent(context: Context): Promise<Result> {
  const { values, print } = context;
  const event = await eventSaid(context, values.argument("TYPE"), values.text("source") ?? "/tutti/cli");
  const server = await connect(context);
  const reply = await server.call("events.publish", { query: server.namespace, body: { events: [event] } });
  const { id } = event;
  const { matched = 0, duplicates = 0 } = reply;
  return {
    json: { id, ...reply },
    quiet: [id],
    draw: () => {
      const concerns = matched === 0 ? "no trigger" : matched === 1 ? "1 trigger" : `${matched} triggers`;
      const seen = duplicates === 0 ? "" : `, seen before by ${duplicates}`;
      print.line(`${print.style.green("✓")} ${id} posted  ${print.style.dim(`concerns ${concerns}${seen}`)}`);
    },
  };
}

/** Returns the event that arguments and options describe. */
export async function eventSaid(
  { values, shell }: Context,
  type: string,
  source: string,
): Promise<CloudEventInput> {
  const parts = [...values.texts("input"), ...values.manyArguments("KEY=VALUE")];
  const data = await readInput(parts, shell, "the data");
  const subject = values.text("subject");
  return {
    ...{ specversion: "1.0", id: values.text("id") ?? randomUUID(), source, type },
    ...(data === undefined ? {} : { data }),
    ...(subject === undefined ? {} : { subject }),
  };
}
