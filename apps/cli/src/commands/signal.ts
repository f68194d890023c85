import type { Context } from "../command/declaration.ts";
import { exitCodes } from "../command/exit-codes.ts";
import { readInput } from "../command/input.ts";
import { connect } from "../server/server.ts";
import { whichever } from "../server/whichever.ts";
import { safe } from "../terminal/text.ts";

export async function signal(context: Context): Promise<number> {
  const { values, shell, print } = context;
  const [id, name, key] = [values.argument("ID"), values.argument("NAME"), values.text("idempotency-key")];
  const data = await readInput(values.manyArguments("DATA"), shell, "the data");
  const server = await connect(context);
  const parts = {
    ...{ params: { id, name }, query: server.namespace, body: data ?? null },
    ...(key === undefined ? {} : { idempotencyKey: key }),
  };
  const reply = await whichever({
    run: () => server.call("runs.signal", parts),
    session: () => server.call("sessions.signal", parts),
  });
  if (print.isJson) print.json(reply);
  else if (!print.isQuiet)
    print.line(
      `${print.style.green("✓")} ${safe(id)} was told ${safe(name)}  ${print.style.dim(`event ${reply.event ?? 0}`)}`,
    );
  return exitCodes.completed;
}
