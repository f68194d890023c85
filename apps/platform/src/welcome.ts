import { styleText } from "node:util";
import { GatewayService } from "@tutti/gateway";
import type { ServiceHost } from "@tutti/host";
import { platformSection } from "./configuration.ts";

export interface Welcome {
  /** Where the page is; with a token in it that signs in once, where there is one. */
  readonly page: string;
  /** Where commands go. */
  readonly url: string;
  readonly mesh: string;
  readonly dataDirectory: string;
  readonly demonstration: boolean;
  /** Takes a text and gives it as a terminal shows it. */
  readonly style?: (format: "bold" | "dim" | "cyan", text: string) => string;
}

/** Where commands look unless told otherwise. */
const usualUrl = "http://127.0.0.1:7400";

const toTry = {
  withDemonstration: [
    ["npx tutti list", "all that runs, and how it stands"],
    ["npx tutti show order-1002", "an order that waits for a yes"],
    ["npx tutti approve order-1002 --form note=bravo", "says it, and the order goes on"],
  ],
  empty: [
    ["npx tutti status", "what the platform is made of"],
    ["npx tutti demo kill", "the proof: kill -9, and nothing is lost"],
    ["npx tutti --help", "all commands"],
  ],
} as const;

/** What a person at a terminal sees once everything runs. Programs read the log's line `ready` instead. */
export function welcome(host: Pick<ServiceHost, "url" | "mesh" | "configuration" | "get">): void {
  const { dataDirectory, demonstration } = host.configuration.read(platformSection);
  const { url } = host;
  const gateway = host.get("gateway");
  const page = gateway instanceof GatewayService ? gateway.signInLink() : url;
  tell(welcomeText({ page, url, mesh: host.mesh.address, dataDirectory, demonstration, style: styleText }));
}

export function welcomeText(given: Welcome): string {
  const { page, url, mesh, dataDirectory, demonstration, style = (_, text) => text } = given;
  const commands = demonstration ? toTry.withDemonstration : toTry.empty;
  const where = url === usualUrl ? "" : `TUTTI_SERVER=${url} `;
  const width = Math.max(...commands.map(([command]) => command.length)) + where.length + 3;
  const lines = commands.map(
    ([command, about]) => `    ${style("cyan", `${where}${command}`.padEnd(width))}${style("dim", about)}`,
  );
  return [
    "",
    `  ${style("bold", "Tutti plays.")}  ${style("cyan", page)}`,
    "",
    `  ${style("dim", "In another terminal:")}`,
    ...lines,
    "",
    style("dim", `  Workers link to ${mesh}. Data is in ${dataDirectory}.`),
    style("dim", "  Ctrl-C ends it in good order, a second one at once; the next start goes on here."),
    "",
  ].join("\n");
}

/** A line for people, where there is one to read it. */
export function tell(line: string): void {
  if (process.stdout.isTTY === true) process.stdout.write(`${line}\n`);
}
