import { existsSync } from "node:fs";
import { styleText } from "node:util";
import { GatewayService } from "@tutti/gateway";
import { type Holder, lastHolder, type ServiceHost } from "@tutti/host";
import { platformSection } from "./configuration.ts";
import { demonstrationMark } from "./demonstration/demonstration.ts";

export interface Welcome {
  /** Address of the dashboard. Contains a one-time sign-in token if the gateway has one. */
  readonly page: string;
  /** Address for the CLI. */
  readonly url: string;
  readonly dataDirectory: string;
  /** True if the orders of the demonstration exist. */
  readonly demonstration: boolean;
  /** Reason why the platform is not ready, such as a damaged archive. */
  readonly problem?: string | undefined;
  /** Styles a text for a terminal. */
  readonly style?: (format: "bold" | "dim" | "cyan", text: string) => string;
}

/** Default address of the CLI and of workers. */
const usualUrl = "http://127.0.0.1:7400";

const toTry = {
  withDemonstration: [
    ["npx tutti list", "all runs and their state"],
    ["npx tutti show order-1002", "an order that waits for an approval"],
    ["npx tutti approve order-1002 --form note=bravo", "approves it, and the order continues"],
  ],
  empty: [
    ["npx tutti status", "services and their health"],
    ["npx tutti demo kill", "kill -9 the platform and its workers: nothing is lost"],
    ["npx tutti --help", "all commands"],
  ],
} as const;

type Welcoming = Pick<ServiceHost, "url" | "configuration" | "get" | "on" | "logger" | "isReady" | "status">;

/** Prints the banner on a terminal, otherwise one line on standard error. Programs read the log line `ready` instead. */
export function welcome(host: Welcoming, killed?: string): void {
  const { dataDirectory, demonstration: isEnabled } = host.configuration.read(platformSection);
  const demonstration = isEnabled && existsSync(demonstrationMark(dataDirectory));
  if (killed !== undefined) host.logger.info(killed);
  const { url } = host;
  const problem = host.isReady ? undefined : host.status().health.reason;
  if (process.stdout.isTTY !== true) {
    process.stderr.write(`${killed === undefined ? "" : `tutti: ${killed}\n`}${signInText(url, problem)}\n`);
    return;
  }
  const gateway = host.get("gateway");
  const page = gateway instanceof GatewayService ? gateway.signInLink() : url;
  printText(welcomeText({ page, url, dataDirectory, demonstration, problem, style: styleText }));
  if (killed !== undefined) printText(`  ${killed}`);
  host.on("stateChanged", ({ to: { state } }) => {
    if (state === "draining")
      printText("  Stopping: running tasks finish first. Press Ctrl-C again to exit at once.");
    if (state === "stopped") printText(`  Stopped. Data is in ${dataDirectory}.`);
  });
}

export function welcomeText(details: Welcome): string {
  const { page, url, dataDirectory, demonstration, problem, style = (_, text) => text } = details;
  const commands = demonstration ? toTry.withDemonstration : toTry.empty;
  const width = Math.max(...commands.map(([command]) => command.length)) + 3;
  const lines = [
    ...(url === usualUrl ? [] : [`    ${style("cyan", `export TUTTI_URL=${url}`)}`]),
    ...commands.map(
      ([command, about]) => `    ${style("cyan", command.padEnd(width))}${style("dim", about)}`,
    ),
  ];
  return [
    "",
    `  ${style("bold", problem === undefined ? "Tutti is ready." : "Tutti is not ready.")}  ${style("cyan", page)}`,
    ...(problem === undefined ? [] : [`  ${problem}`, "  What is wrong in detail: npx tutti doctor"]),
    "",
    `  ${style("dim", "In another terminal:")}`,
    ...lines,
    "",
    style("dim", `  Workers link to ${url}. Data is in ${dataDirectory}.`),
    style("dim", "  Press Ctrl-C to shut down gracefully. The next start resumes every run."),
    "",
  ].join("\n");
}

/** Explains the sign-in if no terminal shows the link. The log must not contain the link: its readers could use it. */
export function signInText(url: string, problem?: string): string {
  const state = problem === undefined ? `ready at ${url}` : `not ready at ${url}: ${problem}`;
  const signIn = "npx tutti sign-in";
  return url === usualUrl
    ? `tutti: ${state}. Sign in: ${signIn}`
    : `tutti: ${state}. Sign in: TUTTI_URL=${url} ${signIn}. For other folders: export TUTTI_URL=${url}`;
}

/** Describes the previous process if it did not shut down by itself. Call it before the data directory is opened. */
export function killedBefore(dataDirectory: string): string | undefined {
  const holder = lastHolder(dataDirectory);
  return holder && killedText(holder);
}

export function killedText({ pid, since }: Pick<Holder, "pid" | "since">): string {
  return `The process ${pid}, started ${since}, did not shut down. Its acknowledged work is recovered and continues: npx tutti list`;
}

/** Prints a text for people. Returns false if there is no terminal. */
export function printText(text: string): boolean {
  const isRead = process.stdout.isTTY === true;
  if (isRead) process.stdout.write(`${text}\n`);
  return isRead;
}
