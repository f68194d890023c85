/** A run and its tasks as they were after one of its events, in one answer. */
import type { Message } from "@tutti/rest/json";
import type { Asked } from "./asked.ts";
import type { Called } from "./contracts.ts";
import { type Answer, optionsOf, type RpcRoute } from "./rpc-route.ts";

export interface Past {
  readonly tasks: RpcRoute;
  readonly getRun: Called;
}

/** @param message the request for the tasks: it names the run and the event */
export async function pastOf({ tasks, getRun }: Past, message: Message, asked: Asked): Promise<Answer> {
  const { mapping, called } = tasks;
  const { namespace, runId, atEvent } = message;
  const options = optionsOf(tasks, message, asked);
  // A run that continues between the two would have tasks of another moment: the event that it is at is asked for.
  const { run } = await getRun.one({ namespace, runId, atEvent }, options);
  const standing = mapping.message("tutti.workflow.v1.Run", run as Message);
  const event = Number(atEvent) || Number(standing["eventCount"] ?? 0);
  const listed = await called.one({ ...message, atEvent: event }, options);
  return { status: 200, body: { event, run: standing, ...mapping.reply(tasks.plan, listed) } };
}
