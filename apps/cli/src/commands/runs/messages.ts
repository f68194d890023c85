import type { Context } from "../../command/declaration.ts";
import { usageFailure } from "../../command/failure.ts";
import { readInput } from "../../command/input.ts";
import type { Outcome, Result } from "../../command/presenter.ts";
import { connect } from "../../server/server.ts";
import { whichever } from "../../server/whichever.ts";
import { drawJson } from "../../terminal/json.ts";
import type { Style } from "../../terminal/style.ts";
import { safe } from "../../terminal/text.ts";
import { query as queryFacts } from "../platform/facts.ts";

const statement = /^\s*(select|with)\s/i;

/** Prints the answer of a query. The run does not change. A statement of SQL queries facts. */
export async function query(context: Context): Promise<Result> {
  const { values, shell } = context;
  const id = values.argument("ID");
  const name = values.optionalArgument("NAME");
  if (name === undefined) {
    if (statement.test(id)) return queryFacts(context, id);
    throw usageFailure("NAME is missing: query name, declared in the definition.", [
      "Usage: tutti query ID NAME [DATA …]",
    ]);
  }
  const params = { id, name };
  const data = await readInput(values.manyArguments("DATA"), shell, "the data");
  const server = await connect(context);
  const payload = data === undefined ? {} : { payload: JSON.stringify(data) };
  const { answer = null } = await server.call("runs.query", {
    params,
    query: { ...server.namespace, ...payload },
  });
  return printAnswer(context, { answer });
}

/** Sends an update, waits until the run has accepted it, and prints its answer. */
export async function update({ values, shell, ...context }: Context): Promise<Result> {
  const params = { id: values.argument("ID"), name: values.argument("NAME") };
  const key = values.text("idempotency-key");
  const data = await readInput(values.manyArguments("DATA"), shell, "the data");
  const server = await connect({ values, shell, ...context });
  const reply = await server.call("runs.update", {
    params,
    query: server.namespace,
    body: data ?? null,
    ...(key === undefined ? {} : { idempotencyKey: key }),
  });
  return printAnswer(context, reply);
}

function printAnswer({ print }: Pick<Context, "print">, reply: { readonly answer?: unknown }): Outcome {
  return {
    json: reply,
    draw: () => {
      if (reply.answer !== undefined) print.lines(drawJson(reply.answer, print));
    },
  };
}

export async function signal(context: Context): Promise<Result> {
  const { values, shell, print } = context;
  const [id, name, key] = [values.argument("ID"), values.argument("NAME"), values.text("idempotency-key")];
  const data = await readInput(values.manyArguments("DATA"), shell, "the data");
  const server = await connect(context);
  const parts = {
    params: { id, name },
    query: server.namespace,
    body: data ?? null,
    ...(key === undefined ? {} : { idempotencyKey: key }),
  };
  const reply = await whichever({
    run: () => server.call("runs.signal", parts),
    session: () => server.call("sessions.signal", parts),
  });
  return {
    json: reply,
    quiet: [],
    draw: () => {
      const awaited: readonly string[] =
        "awaited" in reply && Array.isArray(reply.awaited) ? reply.awaited : [];
      const { mark, done } = receiptOf(awaited, print.style);
      print.line(
        `${mark} signal ${safe(name)} ${done} ${safe(id)}  ${print.style.dim(`event ${reply.event ?? 0}`)}`,
      );
      if (awaited.length > 0) {
        const names = awaited.map((name) => `\`${safe(name)}\``).join(", ");
        print.note(
          `No task waits for \`${safe(name)}\`, so the run only stores the signal. The run waits for ${names}.`,
        );
      }
    },
  };
}

/** Returns the outcome of a signal. If the run waits only for other signals, the name is most likely mistyped. */
export function receiptOf(
  awaited: readonly string[],
  style: Style,
): { readonly mark: string; readonly done: string } {
  return awaited.length > 0
    ? { mark: style.yellow("!"), done: "kept by" }
    : { mark: style.green("✓"), done: "sent to" };
}
