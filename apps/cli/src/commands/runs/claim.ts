import type { Approval } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import type { Result } from "../../command/presenter.ts";
import type { Server } from "../../server/calls.ts";
import { waitingWork } from "../../server/questions.ts";
import { connect } from "../../server/server.ts";
import { safe } from "../../terminal/text.ts";
import { printMoment } from "../../terminal/time.ts";
import { findQuestion } from "./approve.ts";

/** Claims a question, so that no other person works on it. */
export function claim(context: Context): Promise<Result> {
  return changed(
    context,
    (server, parts, runId) => server.call("approvals.claim", { ...parts, body: { runId } }),
    ({ claim: claimed }, nowMs) => {
      const { person = "", expireTimeMs } = claimed ?? {};
      const until = expireTimeMs === undefined ? "" : ` until ${printMoment(expireTimeMs, nowMs)}`;
      return `${safe(person)} has it${until}`;
    },
  );
}

/** Releases a question. */
export function release(context: Context): Promise<Result> {
  const { values } = context;
  const reason = values.text("reason");
  const person = values.text("claimant");
  const more = { ...(reason !== undefined && { reason }), ...(person !== undefined && { person }) };
  return changed(
    context,
    (server, parts, runId) => server.call("approvals.release", { ...parts, body: { runId, ...more } }),
    () => "released",
  );
}

type Parts = { readonly params: { readonly id: string }; readonly query: Server["namespace"] };

async function changed(
  context: Context,
  change: (server: Server, parts: Parts, runId: string) => Promise<Approval>,
  done: (approval: Approval, nowMs: number) => string,
): Promise<Result> {
  const { values, print, shell } = context;
  const server = await connect(context);
  const id = values.argument("RUN");
  const question = await findQuestion(server, id, values.optionalArgument("TASK"));
  const { approvalId, about } = question;
  const runId = about?.id ?? id;
  const approval = await change(server, { params: { id: approvalId }, query: server.namespace }, runId);
  const waiting = waitingWork(question);
  const name = `${safe(waiting.id)} ${safe(waiting.task || approvalId)}`;
  return {
    json: approval,
    quiet: [approvalId],
    draw: () => print.line(`${print.style.green("✓")} ${name}: ${done(approval, shell.nowMs())}`),
  };
}
