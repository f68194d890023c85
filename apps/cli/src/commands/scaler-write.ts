import type { Scaler, ScalerInput, ScalingWindowInput } from "@tutti/rest/types";
import type { Context } from "../command/declaration.ts";
import { exitCodes } from "../command/exit-codes.ts";
import { usageFailure } from "../command/failure.ts";
import { connect } from "../server/server.ts";
import { safe } from "../terminal/text.ts";

type Said = Partial<Omit<ScalerInput, "scalerId" | "pool">>;

export async function createScaler(context: Context): Promise<number> {
  const { values } = context;
  const said = saidOf(context);
  if (said.process === undefined && said.webhook === undefined)
    throw usageFailure("expected a program behind the id, or --webhook URL", [
      ["tutti scaler create crew -- node worker.ts", "starts workers by need"],
    ]);
  const server = await connect(context);
  const reply = await server.call("scalers.create", {
    query: server.namespace,
    body: { scalerId: values.argument("ID"), pool: values.text("pool") ?? "default", ...said },
  });
  tell(context, reply.scaler, reply.existed === true ? "was there already" : "is made");
  return exitCodes.completed;
}

export async function updateScaler(context: Context): Promise<number> {
  const { values } = context;
  const params = { id: values.argument("ID") };
  const pool = values.text("pool") ?? "default";
  const said = saidOf(context);
  const server = await connect(context);
  const before = await server.call("scalers.get", { params, query: { ...server.namespace, pool } });
  const { process, webhook } = before;
  const driver = said.process ?? said.webhook;
  const after = await server.call("scalers.update", {
    params,
    query: { ...server.namespace, ...reasonOf(context) },
    body: {
      scalerId: params.id,
      pool,
      ...(driver === undefined && process !== undefined ? { process } : {}),
      ...(driver === undefined && webhook?.url !== undefined
        ? { webhook: { ...webhook, url: webhook.url } }
        : {}),
      ...said,
    },
  });
  tell(context, after, "is changed");
  return exitCodes.completed;
}

export async function deleteScaler(context: Context): Promise<number> {
  const { values, print } = context;
  const id = values.argument("ID");
  const pool = values.text("pool");
  const server = await connect(context);
  const reply = await server.call("scalers.delete", {
    params: { id },
    query: { ...server.namespace, ...(pool === undefined ? {} : { pool }), ...reasonOf(context) },
  });
  if (print.isJson) print.json(reply);
  else if (!print.isQuiet)
    print.line(
      reply.removed === true
        ? `${print.style.green("✓")} ${safe(id)} is removed, its agents finish what they have`
        : `${print.style.dim("–")} ${safe(id)} was not there`,
    );
  return exitCodes.completed;
}

function saidOf(context: Context): Said {
  const { values } = context;
  const [min, max] = [values.whole("min"), values.whole("max")];
  const [wait, coolDown, idle] = (["wait", "cool-down", "idle"] as const).map((name) =>
    values.durationMs(name),
  );
  const capabilities = values.list("capability");
  const windows = windowsOf(context);
  return {
    ...driverOf(context),
    ...(capabilities.length > 0 ? { capabilities } : {}),
    ...(min === undefined ? {} : { minAgents: min }),
    ...(max === undefined ? {} : { maxAgents: max }),
    ...(wait === undefined ? {} : { targetWaitMs: wait }),
    ...(coolDown === undefined ? {} : { coolDownMs: coolDown }),
    ...(idle === undefined ? {} : { idleMs: idle }),
    ...(values.flag("sleep") ? { sleepInstead: true } : {}),
    ...(values.flag("forecast") ? { useForecast: true } : {}),
    ...(values.flag("paused") ? { paused: true } : {}),
    ...(values.flag("resumed") ? { paused: false } : {}),
    ...(windows.length > 0 ? { windows } : {}),
  };
}

function driverOf({ values }: Context): Pick<Said, "process" | "webhook"> {
  const command = values.manyArguments("COMMAND");
  const url = values.text("webhook");
  const secret = values.text("secret");
  const directory = values.text("directory");
  const stopMs = values.durationMs("stop");
  if (url !== undefined && command.length > 0)
    throw usageFailure("expected a program or --webhook, found both");
  if (url !== undefined) return { webhook: { url, ...(secret === undefined ? {} : { secret }) } };
  if (command.length === 0) return {};
  const environment = values.labels("env");
  return {
    process: {
      command: [...command],
      environment,
      ...(directory === undefined ? {} : { directory }),
      ...(stopMs === undefined ? {} : { stopMs }),
    },
  };
}

/** `0 22 * * * to 0 6 * * * = 0..0` */
function windowsOf({ values }: Context): ScalingWindowInput[] {
  const timeZone = values.text("time-zone");
  return values.texts("window").map((text) => {
    const [, begin = "", end = "", min = "", max = ""] =
      /^(.+?)\s+to\s+(.+?)\s*=\s*(\d+)\.\.(\d+)$/.exec(text.trim()) ?? [];
    if (max === "")
      throw usageFailure(
        `expected a window like \`0 22 * * * to 0 6 * * * = 0..0\` behind --window, found \`${text}\``,
      );
    const bounds = { minAgents: Number(min), maxAgents: Number(max) };
    return { begin, end, ...bounds, ...(timeZone === undefined ? {} : { timeZone }) };
  });
}

function reasonOf({ values }: Context): { readonly reason?: string } {
  const reason = values.text("reason");
  return reason === undefined ? {} : { reason };
}

function tell({ print }: Context, scaler: Scaler | undefined, words: string): void {
  if (print.isJson) print.json(scaler ?? {});
  else if (scaler !== undefined && print.isQuiet) print.line(scaler.scalerId);
  else if (scaler !== undefined) {
    const { minAgents = 0, maxAgents = 0, scalerId } = scaler;
    const bounds = `${minAgents} to ${maxAgents || 100} agents`;
    print.line(`${print.style.green("✓")} ${safe(scalerId)} ${words}  ${print.style.dim(bounds)}`);
  }
}
