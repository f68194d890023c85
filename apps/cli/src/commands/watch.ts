import type { Context } from "../command/declaration.ts";
import { followRun } from "../follow/follow.ts";
import { connect } from "../server/server.ts";

/** Follows a run that is there. */
export async function watch(context: Context): Promise<number> {
  const server = await connect(context);
  const id = context.values.argument("ID");
  // A stream tries for ever; whether there is a platform and a run is found out once, before.
  await server.call("runs.get", { params: { id }, query: server.namespace });
  return await followRun(context, { server, id });
}
