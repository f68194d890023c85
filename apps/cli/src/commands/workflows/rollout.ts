import type { Context } from "../../command/declaration.ts";
import { usageFailure } from "../../command/failure.ts";
import type { Result } from "../../command/presenter.ts";
import { connect } from "../../server/server.ts";
import { safe } from "../../terminal/text.ts";
import { doneOutcome } from "../outcome.ts";
import { reasonOf } from "../request.ts";

/** Gives a version a percentage of new runs. */
export async function rollOut(context: Context): Promise<Result> {
  const [name = "", version = ""] = context.values.argument("NAME@VERSION").split("@");
  if (version === "") throw usageFailure("Expected a workflow and a version, such as order@2.0.0.");
  const percent = context.values.integer("percent") ?? 100;
  const server = await connect(context);
  const reply = await server.call("workflows.rollOut", {
    params: { name },
    query: server.namespace,
    body: { version, percent, ...reasonOf(context) },
  });
  const line = `${safe(name)}@${safe(version)} takes ${percent} % of new runs`;
  return doneOutcome(context, reply, { id: name, line });
}
