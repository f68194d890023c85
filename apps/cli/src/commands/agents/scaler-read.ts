import { counted } from "@tutti/kernel";
import type { Scaler, ScalerForecast } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import type { Result } from "../../command/presenter.ts";
import { listPages } from "../../server/pages.ts";
import { connect } from "../../server/server.ts";
import { printPercent } from "../../terminal/percent.ts";
import { safe } from "../../terminal/text.ts";
import { printAge, printDurationMs } from "../../terminal/time.ts";
import { poolOf } from "../request.ts";

export async function listScalers(context: Context): Promise<Result> {
  const { print } = context;
  const server = await connect(context);
  const { entries, nextToken } = await listPages(
    context,
    (page) => server.call("scalers.list", { query: { ...server.namespace, ...poolOf(context), ...page } }),
    ({ scalers }) => scalers,
  );
  return {
    json: { scalers: entries },
    nextToken,
    quiet: entries.map(({ scalerId }) => scalerId),
    empty: entries.length === 0 ? "No scalers yet. Create one: tutti scaler create ID -- COMMAND" : undefined,
    draw: () => {
      print.table(
        [
          { title: "scaler", widthMin: 10 },
          { title: "pool", yields: 2 },
          { title: "starts", yields: 3, widthMin: 10 },
          { title: "bounds", align: "right" },
          { title: "wanted", align: "right" },
          { title: "connected", align: "right" },
          { title: "asleep", align: "right", yields: 1 },
          { title: "problem", yields: 1, widthMin: 8 },
        ],
        entries.map((scaler) => {
          const { scalerId, pool, minAgents = 0, maxAgents = 0, paused, status } = scaler;
          const quarantined = status?.quarantined ?? 0;
          return [
            { text: scalerId, tone: paused === true ? "dim" : "bold" },
            { text: pool, tone: "dim" },
            { text: driverText(scaler), tone: "dim" },
            { text: `${minAgents}..${maxAgents || 100}`, tone: "dim" },
            paused === true ? { text: "‖ paused", tone: "magenta" } : String(status?.wanted ?? 0),
            { text: String(status?.joined ?? 0), tone: "green" },
            { text: String(status?.asleep ?? 0), tone: "dim" },
            quarantined > 0
              ? { text: `${quarantined} quarantined`, tone: "red" }
              : { text: status?.error?.code ?? "", tone: "yellow" },
          ];
        }),
      );
    },
  };
}

export async function showScaler(context: Context): Promise<Result> {
  const { values, shell } = context;
  const server = await connect(context);
  const params = { id: values.argument("ID") };
  const scaler = await server.call("scalers.get", {
    params,
    query: { ...server.namespace, ...poolOf(context) },
  });
  return {
    json: scaler,
    draw: () => {
      draw(context, scaler, shell.nowMs());
    },
  };
}

function draw({ print }: Context, scaler: Scaler, nowMs: number): void {
  const { style } = print;
  const { scalerId, paused, status, windows, capabilities, pool, minAgents = 0, maxAgents = 0 } = scaler;
  print.line(`${style.bold(safe(scalerId))}${paused === true ? `  ${style.magenta("‖ paused")}` : ""}`);
  print.line("");
  const {
    wanted = 0,
    joined = 0,
    starting = 0,
    asleep = 0,
    quarantined = 0,
    coolDownEndTimeMs,
    error,
  } = status ?? {};
  print.facts([
    ["pool", pool],
    ["starts", driverText(scaler)],
    ["for", capabilities.length > 0 ? capabilities.join(", ") : "any"],
    [
      "bounds",
      `${minAgents} to ${counted(maxAgents || 100, "agent")}${scaler.sleepInstead === true ? ", sleeping instead of stopped" : ""}`,
    ],
    ["more", `when a task waits ${printDurationMs(scaler.targetWaitMs || 5_000)}`],
    [
      "fewer",
      `after ${printDurationMs(scaler.idleMs || 60_000)} idle, ${printDurationMs(scaler.coolDownMs || 60_000)} after a change`,
    ],
    ["forecast", scaler.useForecast === true ? forecastText(status?.forecast) : undefined],
    ["", verdictText(status?.forecast)],
    ["", errorText(status?.forecast)],
    [
      "agents",
      `${wanted} wanted, ${joined} connected, ${starting} starting, ${asleep} asleep, ${quarantined} quarantined`,
    ],
    ["cools down", coolDownEndTimeMs === undefined ? undefined : printAge(coolDownEndTimeMs, nowMs)],
    ["problem", error?.message],
  ]);
  if (windows.length === 0) return;
  print.lines(["", style.dim("windows")]);
  for (const { begin = "", end = "", timeZone = "", minAgents: least = 0, maxAgents: most = 0 } of windows)
    print.line(
      `${safe(begin)} to ${safe(end)}  ${most === 0 ? "all sleep" : `${least}..${most}`}  ${style.dim(timeZone)}`.trimEnd(),
    );
}

function forecastText(forecast: ScalerForecast | undefined): string {
  if (forecast === undefined) return "on";
  const { expectedPerSec = 0, lowPerSec = 0, highPerSec = 0, leadMs = 0 } = forecast;
  const [expected, low, high] = [expectedPerSec, lowPerSec, highPerSec].map(rateText);
  return `${expected} tasks/s in ${printDurationMs(leadMs)}, in 4 of 5 cases between ${low} and ${high}`;
}

function verdictText(forecast: ScalerForecast | undefined): string | undefined {
  return forecast && `${forecast.used === true ? "used" : "not used"}: ${forecast.reason ?? ""}`;
}

function errorText({ error = 0, reactiveError = 0 }: ScalerForecast = {}): string | undefined {
  if (error === 0 && reactiveError === 0) return undefined;
  return `error of the last day: ${printPercent(error)}, without a forecast ${printPercent(reactiveError)}`;
}

function rateText(perSec: number): string {
  return perSec === 0 ? "0" : String(Number(perSec.toPrecision(2)));
}

export async function logScaler(context: Context): Promise<Result> {
  const { values, print, shell } = context;
  const server = await connect(context);
  const params = { id: values.argument("ID") };
  const { entries, nextToken } = await listPages(
    context,
    (page) =>
      server.call("scalers.log", { params, query: { ...server.namespace, ...poolOf(context), ...page } }),
    ({ scalings }) => scalings,
  );
  return {
    json: { scalings: entries },
    nextToken,
    empty: entries.length === 0 ? "No decisions yet." : undefined,
    draw: () => {
      print.table(
        [
          { title: "time" },
          { title: "agents", align: "right" },
          { title: "reason", widthMin: 20, yields: 1 },
        ],
        entries.map(({ decideTimeMs, before = 0, wanted = 0, reason = "" }) => [
          { text: decideTimeMs === undefined ? "" : printAge(decideTimeMs, shell.nowMs()), tone: "dim" },
          { text: `${before} → ${wanted}`, tone: wanted > before ? "green" : "yellow" },
          reason,
        ]),
      );
    },
  };
}

function driverText({ process, webhook, container, kubernetes }: Scaler): string {
  if (process !== undefined) return process.command.join(" ");
  if (container !== undefined) return [`image ${container.image}`, ...container.arguments].join(" ");
  if (kubernetes === undefined) return webhook?.url ?? "";
  return [kubernetes.clusterNamespace, kubernetes.kind, kubernetes.name].filter(Boolean).join("/");
}
