import type { RunEvent } from "@tutti/rest/types";
import type { Server } from "./calls.ts";

const pageSize = 500;

interface EventFilter {
  /** Events of this task only. */
  readonly task?: string | undefined;
  readonly afterEvent?: number | undefined;
}

/** Yields the events of a run, page by page, because a history may be long. */
export async function* eventsOf(
  server: Pick<Server, "call" | "namespace">,
  id: string,
  { task, afterEvent }: EventFilter = {},
): AsyncGenerator<RunEvent> {
  let token: string | undefined;
  do {
    const query = {
      ...server.namespace,
      size: pageSize,
      ...(task === undefined ? {} : { task }),
      ...(afterEvent === undefined ? {} : { afterEvent }),
      ...(token === undefined ? {} : { token }),
    };
    const reply = await server.call("runs.history", { params: { id }, query });
    yield* reply.events;
    token = reply.nextToken === "" ? undefined : reply.nextToken;
  } while (token !== undefined);
}
