/** Commands that steer an agent by hand. */

import type { Agent } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import type { Result } from "../../command/presenter.ts";
import { connect } from "../../server/server.ts";
import { safe } from "../../terminal/text.ts";

interface Order {
  readonly params: { readonly id: string };
  readonly query: { readonly namespace?: string };
  readonly body: { readonly pool?: string; readonly reason?: string };
}

type Call = (server: Awaited<ReturnType<typeof connect>>, order: Order, context: Context) => Promise<Agent>;

export const pauseAgent = steering("is paused. Running tasks finish", (server, order) =>
  server.call("agents.pause", order),
);
export const resumeAgent = steering(
  "is resumed",
  (server, order) => server.call("agents.resume", order),
  heldText,
);
export const wakeAgent = steering("is awake", (server, order) => server.call("agents.wake", order));
export const releaseAgent = steering(
  "is released",
  (server, order) => server.call("agents.release", order),
  heldText,
);
export const quarantineAgent = steering("is quarantined. Its tasks are requeued", (server, order) =>
  server.call("agents.quarantine", order),
);
export const drainAgent = steering("drains", (server, order, { values }) => {
  const deadlineMs = values.durationMs("deadline");
  const body = { ...order.body, ...(deadlineMs === undefined ? {} : { deadlineMs }) };
  return server.call("agents.drain", { ...order, body });
});
export const sleepAgent = steering("sleeps until it is woken or needed", (server, order, { values }) => {
  const forMs = values.durationMs("duration");
  const body = { ...order.body, ...(forMs === undefined ? {} : { forMs }) };
  return server.call("agents.sleep", { ...order, body });
});

function steering(
  done: string,
  call: Call,
  textOf: (agent: Agent) => string = () => "",
): (context: Context) => Promise<Result> {
  return async (context) => {
    const { values, print } = context;
    const [pool, reason] = [values.text("pool"), values.text("reason")];
    const server = await connect(context);
    const id = values.argument("ID");
    const body = { ...(pool === undefined ? {} : { pool }), ...(reason === undefined ? {} : { reason }) };
    const reply = await call(server, { params: { id }, query: server.namespace, body }, context);
    return {
      json: reply,
      quiet: [id],
      draw: () => {
        const held = textOf(reply);
        if (held === "") print.line(`${print.style.green("✓")} ${safe(id)} ${done}`);
        else print.line(`${print.style.yellow("◐")} ${held}`);
      },
    };
  };
}

/** Returns the hold that a resume or a release has not ended, with the command that does. Empty if there is none. */
export function heldText({ agentId = "", hold = "none" }: Pick<Agent, "agentId" | "hold">): string {
  if (hold === "none" || hold === "unspecified") return "";
  const command = `tutti agent ${hold === "paused" ? "resume" : "release"} ${safe(agentId)}`;
  return `${safe(agentId)} is still ${hold === "flapping" ? "unstable" : hold}, and gets no tasks. End this: ${command}`;
}
