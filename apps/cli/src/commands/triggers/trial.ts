import type { CloudEventInput } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import { readInput } from "../../command/input.ts";
import type { Result } from "../../command/presenter.ts";
import type { Server } from "../../server/calls.ts";
import { connect } from "../../server/server.ts";
import { safe } from "../../terminal/text.ts";
import { eventFromOptions } from "./post.ts";

/** Tests a trigger. Exits with the code of a rejection if the event would start nothing. */
export async function testTrigger(context: Context): Promise<Result> {
  const { values, print } = context;
  const triggerId = values.argument("ID");
  const server = await connect(context);
  const event = await eventToTest(context, server, triggerId);
  const reply = await server.call("triggers.test", {
    query: server.namespace,
    body: { triggerId, ...(event === undefined ? {} : { event }) },
  });
  const { matched = false, ofSource = false, problem = "", key = "", group = "", runId = "" } = reply;
  const { style } = print;
  return {
    json: reply,
    quiet: [String(matched && problem === "")],
    draw: () => {
      if (reply.event === undefined) {
        print.note("The log has no event of this trigger. Pass one: tutti trigger test ID KEY=VALUE");
        return;
      }
      const about = style.dim(`${safe(reply.event.type ?? "")} ${safe(reply.event.id ?? "")}`);
      if (problem !== "") print.line(`${style.red("✗")} dead letter: ${safe(problem)}  ${about}`);
      else if (!ofSource) print.line(`${style.yellow("–")} not an event of this trigger  ${about}`);
      else if (!matched) print.line(`${style.yellow("–")} the condition is false  ${about}`);
      else print.line(`${style.green("✓")} would start a run  ${about}`);
      print.facts([
        ["key", key],
        ["group", group],
        ["run", runId],
      ]);
      print.section("input", reply.input);
    },
    exitCode: matched && problem === "" ? exitCodes.completed : exitCodes.refused,
  };
}

async function eventToTest(
  context: Context,
  server: Server,
  id: string,
): Promise<CloudEventInput | undefined> {
  const { values, shell } = context;
  const file = values.text("event-file");
  if (file !== undefined)
    return (await readInput([`@${file}`], shell, "the event")) as unknown as CloudEventInput;
  if (values.texts("input").length + values.manyArguments("KEY=VALUE").length === 0) return undefined;
  const { source } = await server.call("triggers.get", { params: { id }, query: server.namespace });
  // The type may be a pattern. The test uses a type that it matches.
  const type = (source?.event?.type ?? "test").replaceAll("*", "any").replace(/>$/, "any");
  return eventFromOptions(context, type, source?.event?.source || "/tutti/cli");
}
