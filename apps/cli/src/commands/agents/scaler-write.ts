import { counted } from "@tutti/kernel";
import type { Scaler, ScalerInput, ScalingWindowInput } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import { usageFailure } from "../../command/failure.ts";
import type { Outcome, Result } from "../../command/presenter.ts";
import { connect } from "../../server/server.ts";
import { safe } from "../../terminal/text.ts";
import { reasonOf } from "../request.ts";

type ScalerSettings = Partial<Omit<ScalerInput, "scalerId" | "pool">>;

const drivers = ["process", "webhook", "container", "kubernetes"] as const;
type DriverName = (typeof drivers)[number];

export async function createScaler(context: Context): Promise<Result> {
  const { values } = context;
  const settings = settingsOf(context);
  if (!drivers.some((name) => settings[name] !== undefined))
    throw usageFailure("Pass a program after --, or set --image, --workload or --webhook.", [
      ["tutti scaler create crew -- node worker.ts", "starts workers on demand"],
    ]);
  const server = await connect(context);
  const reply = await server.call("scalers.create", {
    query: server.namespace,
    body: { scalerId: values.argument("ID"), pool: values.text("pool") ?? "default", ...settings },
  });
  return scalerOutcome(context, reply.scaler, reply.existed === true ? "already exists" : "created");
}

export async function updateScaler(context: Context): Promise<Result> {
  const { values } = context;
  const params = { id: values.argument("ID") };
  const pool = values.text("pool") ?? "default";
  const settings = settingsOf(context);
  const server = await connect(context);
  const before = await server.call("scalers.get", { params, query: { ...server.namespace, pool } });
  const after = await server.call("scalers.update", {
    params,
    query: { ...server.namespace, ...reasonOf(context) },
    body: {
      scalerId: params.id,
      pool,
      ...(drivers.some((name) => settings[name] !== undefined) ? {} : driverIn(before)),
      ...settings,
    },
  });
  return scalerOutcome(context, after, "updated");
}

export async function deleteScaler(context: Context): Promise<Result> {
  const { values, print } = context;
  const id = values.argument("ID");
  const pool = values.text("pool");
  const server = await connect(context);
  const reply = await server.call("scalers.delete", {
    params: { id },
    query: { ...server.namespace, ...(pool === undefined ? {} : { pool }), ...reasonOf(context) },
  });
  return {
    json: reply,
    quiet: [],
    draw: () => {
      print.line(
        reply.removed === true
          ? `${print.style.green("✓")} ${safe(id)} deleted. Its agents drain`
          : `${print.style.dim("–")} ${safe(id)} not found`,
      );
    },
  };
}

function settingsOf(context: Context): ScalerSettings {
  const { values } = context;
  const [min, max] = [values.integer("min"), values.integer("max")];
  const [wait, coolDown, idle] = (["max-wait", "cool-down", "idle"] as const).map((name) =>
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
    ...switched("sleepInstead", context, "sleep", "no-sleep"),
    ...switched("useForecast", context, "forecast", "no-forecast"),
    ...switched("paused", context, "paused", "resumed"),
    ...(windows.length > 0 ? { windows } : {}),
  };
}

/** Returns a setting that one flag turns on and another one off. */
function switched<Name extends keyof ScalerSettings>(
  name: Name,
  { values }: Context,
  on: string,
  off: string,
): { [Key in Name]?: boolean } {
  const [isOn, isOff] = [values.flag(on), values.flag(off)];
  if (isOn && isOff) throw usageFailure(`Set only one of --${on} and --${off}.`);
  return isOn || isOff ? ({ [name]: isOn } as { [Key in Name]?: boolean }) : {};
}

/** Returns the current settings of a scaler, in the form of the request. */
function driverIn({ process, webhook, container, kubernetes }: Scaler): Pick<ScalerSettings, DriverName> {
  if (process !== undefined) return { process };
  if (webhook?.url !== undefined) return { webhook: { ...webhook, url: webhook.url } };
  if (container?.image !== undefined) return { container: { ...container, image: container.image } };
  const { kind, name } = kubernetes ?? {};
  return kind === undefined || name === undefined ? {} : { kubernetes: { ...kubernetes, kind, name } };
}

function driverOf({ values }: Context): Pick<ScalerSettings, DriverName> {
  const args = [...values.manyArguments("COMMAND")];
  const [url, image, workload] = (["webhook", "image", "workload"] as const).map((name) => values.text(name));
  const flags = [url && "--webhook", image && "--image", workload && "--workload"].filter(Boolean);
  if (flags.length > 1) throw usageFailure(`Set only one of ${flags.join(" and ")}.`);
  if (args.length > 0 && (url !== undefined || workload !== undefined))
    throw usageFailure(`Pass a program or ${flags[0]}, not both.`);
  const stopMs = values.durationMs("stop");
  const [secret, directory, socket] = (["secret", "working-directory", "socket"] as const).map((name) =>
    values.text(name),
  );
  const started = { environment: values.labels("env"), ...(stopMs === undefined ? {} : { stopMs }) };
  if (url !== undefined) return { webhook: { url, ...(secret === undefined ? {} : { secret }) } };
  if (workload !== undefined) return { kubernetes: workloadIn(workload) };
  if (image !== undefined) {
    const limits = limitsIn(values.labels("container-limit"));
    return {
      container: {
        image,
        limits,
        ...started,
        ...(args.length === 0 ? {} : { arguments: args }),
        ...(socket === undefined ? {} : { socket }),
      },
    };
  }
  if (args.length === 0) return {};
  return { process: { command: args, ...started, ...(directory === undefined ? {} : { directory }) } };
}

/** Parses `Deployment/crew`, or `agents/Deployment/crew` in another Kubernetes namespace. */
function workloadIn(text: string) {
  const parts = text.split("/");
  const [name = "", kind = "", clusterNamespace] = parts.toReversed();
  if (parts.length < 2 || parts.length > 3 || parts.includes(""))
    throw usageFailure(`--workload: expected KIND/NAME or NAMESPACE/KIND/NAME, got \`${text}\``);
  return { kind, name, ...(clusterNamespace === undefined ? {} : { clusterNamespace }) };
}

function limitsIn(texts: Readonly<Record<string, string>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(texts).map(([name, text]) => {
      if (!(Number(text) > 0))
        throw usageFailure(`--container-limit ${name}=: expected a number above 0, got \`${text}\``);
      return [name, Number(text)];
    }),
  );
}

/** Parses windows such as `0 22 * * * to 0 6 * * * = 0..0`. */
function windowsOf({ values }: Context): ScalingWindowInput[] {
  const timeZone = values.text("time-zone");
  return values.texts("window").map((text) => {
    const [, begin = "", end = "", min = "", max = ""] =
      /^(.+?)\s+to\s+(.+?)\s*=\s*(\d+)\.\.(\d+)$/.exec(text.trim()) ?? [];
    if (max === "")
      throw usageFailure(
        `--window: expected a window such as \`0 22 * * * to 0 6 * * * = 0..0\`, got \`${text}\``,
      );
    const bounds = { minAgents: Number(min), maxAgents: Number(max) };
    return { begin, end, ...bounds, ...(timeZone === undefined ? {} : { timeZone }) };
  });
}

function scalerOutcome({ print }: Context, scaler: Scaler | undefined, text: string): Outcome {
  return {
    json: scaler ?? {},
    quiet: scaler === undefined ? [] : [scaler.scalerId],
    draw: () => {
      if (scaler === undefined) return;

      const { minAgents = 0, maxAgents = 0, scalerId } = scaler;
      const bounds = `${minAgents} to ${counted(maxAgents || 100, "agent")}`;
      print.line(`${print.style.green("✓")} ${safe(scalerId)} ${text}  ${print.style.dim(bounds)}`);
    },
  };
}
