import type { Context } from "../../command/declaration.ts";
import type { Result } from "../../command/presenter.ts";
import { followMission, followRun, followSession } from "../../follow/follow.ts";
import { connect } from "../../server/server.ts";
import { whichever } from "../../server/whichever.ts";

/** Follows a run, a mission or a session. */
export async function watch(context: Context): Promise<Result> {
  const server = await connect(context);
  const id = context.values.argument("ID");
  // A stream retries for ever. These calls fail first if the platform is unreachable or the id unknown.
  const parts = { params: { id }, query: server.namespace };
  const follow = await whichever({
    run: () => server.call("runs.get", parts).then(() => followRun),
    mission: () => server.call("missions.get", parts).then(() => followMission),
    session: () => server.call("sessions.get", parts).then(() => followSession),
  });
  return await follow(context, { server, id });
}
