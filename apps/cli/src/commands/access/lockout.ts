/** Lock-outs after failed attempts: listed and lifted. */
import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import { listPages, tellMore } from "../../server/pages.ts";
import { connect } from "../../server/server.ts";
import { safe } from "../../terminal/text.ts";
import { reasonOf, tellDone } from "./who.ts";

/** Lock-outs hold in all namespaces. */
const installation = { namespace: "system" } as const;

export async function listLockouts(context: Context): Promise<number> {
  const { print } = context;
  const server = await connect(context);
  const { entries, nextToken } = await listPages(
    context,
    (page) => server.call("lockouts.list", { query: { ...installation, ...page } }),
    ({ lockouts }) => lockouts,
  );
  if (print.isJson) print.json({ lockouts: entries, ...(nextToken === undefined ? {} : { nextToken }) });
  else if (print.isQuiet) print.lines(entries.map(({ subject = "" }) => subject));
  else if (entries.length === 0) print.note("No lockouts.");
  else {
    print.table(
      [
        { title: "who", widthMin: 10 },
        { title: "wrong", align: "right" },
        { title: "until", widthMin: 8 },
      ],
      entries.map(({ subject = "", failures = 0, endTimeMs = 0 }) => [
        { text: subject, tone: "bold" },
        { text: String(failures) },
        { text: new Date(endTimeMs).toISOString() },
      ]),
    );
    tellMore(context, nextToken);
  }
  return exitCodes.completed;
}

export async function liftLockout(context: Context): Promise<number> {
  const subject = context.values.argument("WHO");
  const server = await connect(context);
  const reply = await server.call("lockouts.lift", {
    query: installation,
    body: { subject, ...reasonOf(context) },
  });
  const line = `${safe(subject)} ${reply.lifted === true ? "is unlocked" : "was not locked out"}`;
  tellDone(context, reply, { id: subject, line });
  return exitCodes.completed;
}
