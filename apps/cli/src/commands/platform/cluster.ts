/** Runs an installation as processes on this machine. These commands pass their options to the program that runs it. */

import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import { Failure, usageFailure } from "../../command/failure.ts";
import type { Result } from "../../command/presenter.ts";
import { handOverToProgram, runTool } from "../../local/clone.ts";

const subject = "A cluster on this machine";
const counted = ["nats", "partitions", "port"];
const services: readonly string[] = [
  "registry",
  "governance",
  "workflow",
  "swarm",
  "master",
  "insight",
  "gateway",
];

export async function clusterUp(context: Context): Promise<Result> {
  const { values, shell } = context;
  const counts = counted.flatMap((name) => {
    const value = values.integer(name);
    if (name === "port" && (value ?? 0) > 65_534)
      throw usageFailure(`--port: expected a number up to 65534, got \`${value}\``);
    return value === undefined ? [] : [`--${name}=${value}`];
  });
  const scales = values.texts("scale").flatMap((text) => text.split(",").map(scale));
  const settings = values.texts("set").map((setting) => `--set=${setting}`);
  const server = values.text("nats-server") ?? (await natsServer(context));
  return await handOverToProgram(shell, subject, [
    "cluster",
    "up",
    ...locationArgs(context),
    ...counts,
    ...scales,
    ...settings,
    `--nats-server=${server}`,
    ...(values.flag("plain") ? ["--plain"] : []),
    ...(values.flag("paused") ? ["--paused="] : []),
    ...jsonOf(context),
  ]);
}

function scale(text: string): string {
  const [service = "", count = ""] = text.split("=");
  if (!services.includes(service))
    throw usageFailure(`--scale: expected one of ${services.join(", ")}, got \`${service}\``);
  return `--${service}=${count}`;
}

export async function clusterStatus(context: Context): Promise<Result> {
  return await runCluster(context, "status", jsonOf(context));
}

export async function clusterScale(context: Context): Promise<Result> {
  return await runCluster(context, "scale", context.values.manyArguments("SERVICE=N"));
}

export async function clusterRestart(context: Context): Promise<Result> {
  const { values } = context;
  return await runCluster(context, "restart", [
    ...values.manyArguments("NAME"),
    ...(values.flag("all") ? ["--all"] : []),
  ]);
}

export async function clusterDown(context: Context): Promise<Result> {
  return await runCluster(context, "down", []);
}

export async function clusterBackup(context: Context): Promise<Result> {
  return await copied(context, "backup", `--to=${context.values.argument("FOLDER")}`);
}

export async function clusterRestore(context: Context): Promise<Result> {
  return await copied(context, "restore", `--from=${context.values.argument("FOLDER")}`);
}

export async function clusterImport(context: Context): Promise<Result> {
  const { values } = context;
  const nats = values.text("nats");
  return await copied(
    context,
    "import",
    `--from=${values.argument("FOLDER")}`,
    ...(nats === undefined ? [] : [`--nats=${nats}`]),
    ...(values.flag("plain") ? ["--plain"] : []),
  );
}

async function copied(context: Context, command: string, ...args: readonly string[]): Promise<Result> {
  const server = context.values.text("nats-server") ?? (await natsServer(context));
  return await runCluster(context, command, [...args, `--nats-server=${server}`]);
}

async function runCluster(context: Context, command: string, args: readonly string[]): Promise<Result> {
  return await handOverToProgram(context.shell, subject, [
    "cluster",
    command,
    ...locationArgs(context),
    ...args,
  ]);
}

/** Passes `--json` to the program, which prints the output itself. */
function jsonOf({ values }: Context): readonly string[] {
  return values.flag("json") ? ["--json"] : [];
}

function locationArgs({ values }: Context): readonly string[] {
  const directory = values.text("directory");
  return directory === undefined ? [] : [`--directory=${directory}`];
}

/** Returns the installed NATS server, or one that a tool downloads from Debian. */
async function natsServer({ shell }: Context): Promise<string> {
  const { output, exitCode } = await runTool(shell, subject, ["tools/programs.mjs", "nats-server"]);
  const path = output.trim().split("\n").at(-1) ?? "";
  if (exitCode === 0 && path !== "") return path;
  throw new Failure("nats-server not found. A cluster stores its data in NATS.", {
    why: ["It needs version 2.10.27 or newer. Debian 13 has the package nats-server."],
    next: ["Install it, or pass its path: tutti cluster up --nats-server PATH"],
    exitCode: exitCodes.failed,
    code: "no_nats_server",
  });
}
