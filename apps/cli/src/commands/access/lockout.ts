/** Lists and lifts lock-outs after failed attempts. */

import type { Context } from "../../command/declaration.ts";
import type { Result } from "../../command/presenter.ts";
import { listPages } from "../../server/pages.ts";
import { connect } from "../../server/server.ts";
import { safe } from "../../terminal/text.ts";
import { doneOutcome } from "../outcome.ts";
import { reasonOf } from "../request.ts";

/** Lock-outs hold in all namespaces. */
const installation = { namespace: "system" } as const;

export async function listLockouts(context: Context): Promise<Result> {
  const { print } = context;
  const server = await connect(context);
  const { entries, nextToken } = await listPages(
    context,
    (page) => server.call("lockouts.list", { query: { ...installation, ...page } }),
    ({ lockouts }) => lockouts,
  );
  return {
    json: { lockouts: entries },
    nextToken,
    quiet: entries.map(({ subject = "" }) => subject),
    empty: entries.length === 0 ? "No lockouts." : undefined,
    draw: () => {
      print.table(
        [
          { title: "subject", widthMin: 10 },
          { title: "failures", align: "right" },
          { title: "until", widthMin: 8 },
        ],
        entries.map(({ subject = "", failures = 0, endTimeMs = 0 }) => [
          { text: subject, tone: "bold" },
          { text: String(failures) },
          { text: new Date(endTimeMs).toISOString() },
        ]),
      );
    },
  };
}

export async function liftLockout(context: Context): Promise<Result> {
  const subject = context.values.argument("LOCKOUT");
  const server = await connect(context);
  const reply = await server.call("lockouts.lift", {
    query: installation,
    body: { subject, ...reasonOf(context) },
  });
  const line = `${safe(subject)} ${reply.lifted === true ? "is unlocked" : "was not locked out"}`;
  return doneOutcome(context, reply, { id: subject, line });
}
