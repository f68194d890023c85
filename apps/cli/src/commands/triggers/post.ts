import { randomUUID } from "node:crypto";
import { counted, nearest } from "@tutti/kernel";
import type { CloudEventInput } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import { readInput } from "../../command/input.ts";
import type { Result } from "../../command/presenter.ts";
import type { Server } from "../../server/calls.ts";
import { connect } from "../../server/server.ts";
import { safe } from "../../terminal/text.ts";

export async function postEvent(context: Context): Promise<Result> {
  const { values, print } = context;
  const event = await eventFromOptions(
    context,
    values.argument("TYPE"),
    values.text("source") ?? "/tutti/cli",
  );
  const server = await connect(context);
  const reply = await server.call("events.publish", { query: server.namespace, body: { events: [event] } });
  const { id } = event;
  const { matched = 0, duplicates = 0 } = reply;
  if (matched === 0)
    for (const note of await noMatchReasons(server, event.type)) print.note(print.errorStyle.dim(note));
  return {
    json: { id, ...reply },
    quiet: [id],
    draw: () => {
      const text = print.style.dim(matchedText(matched, duplicates));
      print.line(`${print.style.green("✓")} ${id} posted  ${text}`);
    },
  };
}

/** Returns what happened to an event. Without a trigger it still reaches the runs that wait for it. */
export function matchedText(matched: number, duplicates: number): string {
  const duplicateText = duplicates === 0 ? "" : `, seen before by ${duplicates}`;
  if (matched === 0) return `matches no trigger, and goes to runs that wait for it${duplicateText}`;
  return `matches ${counted(matched, "trigger")}${duplicateText}`;
}

/** Explains from the list of triggers why no trigger accepted an event. */
async function noMatchReasons(server: Server, type: string): Promise<readonly string[]> {
  const { triggers } = await server
    .call("triggers.list", { query: { ...server.namespace, size: comparedMax } })
    .catch(() => ({ triggers: [] }));
  const types = triggers.flatMap(({ source }) => source?.event?.type ?? []);
  if (!types.includes(type)) {
    const meant = nearest(type, types);
    return meant === undefined
      ? []
      : [`No trigger has events of type \`${safe(type)}\`. Did you mean \`${safe(meant)}\`?`];
  }
  return triggers
    .filter(({ source, paused }) => source?.event?.type === type && paused === true)
    .map(
      ({ triggerId }) =>
        `Trigger ${safe(triggerId)} is paused. Once it is resumed: tutti trigger replay ${safe(triggerId)}`,
    );
}

const comparedMax = 500;

/** Returns the event that arguments and options describe. */
export async function eventFromOptions(
  { values, shell }: Context,
  type: string,
  source: string,
): Promise<CloudEventInput> {
  const parts = [...values.texts("input"), ...values.manyArguments("KEY=VALUE")];
  const data = await readInput(parts, shell, "the data");
  const subject = values.text("subject");
  return {
    specversion: "1.0",
    id: values.text("id") ?? randomUUID(),
    source,
    type,
    ...(data === undefined ? {} : { data }),
    ...(subject === undefined ? {} : { subject }),
  };
}
