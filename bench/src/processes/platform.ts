import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { endWithProcess } from "@tutti/kernel/end-with-process";
import { madeBy } from "../../../tools/fronts.mjs";
import { setUp } from "../../../tools/setup.mjs";
import { type Child, startChild, workspace } from "./child.ts";

export interface Platform extends Child {
  readonly http: string;
  readonly grpc: string;
  readonly directory: string;
}

/** Starts only the platform, from the bundle of `npm start`, on free ports and with a separate data directory. */
export async function startPlatform(...flags: readonly string[]): Promise<Platform> {
  await setUp((line) => process.stderr.write(`${line}\n`), workspace, ["platform"]);
  const program = madeBy(workspace, "platform");
  if (program === undefined) throw new Error("the platform could not be built");
  const stacks = pathToFileURL(join(workspace, "tools", "stacks.mjs")).href;
  return started(["--import", stacks, program], ["--operations.port=0", ...flags]);
}

/** Starts the platform by `npm start`, with the demonstration. `directory`: the data directory, which stays. */
export function startAsUsersDo(port: number, directory?: string): Promise<Platform> {
  return started([join(workspace, "tools/start.mjs")], [`--operations.port=${port}`], directory);
}

/** Returns a temporary directory. Processes with it in their arguments end with the bench. */
export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "tutti-bench-"));
  endWithProcess(directory);
  return directory;
}

async function started(
  program: readonly string[],
  flags: readonly string[],
  existing?: string,
): Promise<Platform> {
  const directory = existing ?? (await temporaryDirectory());
  const own = [
    ...["--mesh.listen=127.0.0.1:0", "--log.format=json", "--log.level=info"],
    `--platform.dataDirectory=${directory}`,
  ];
  const child = await startChild([...program, ...own, ...flags], { cwd: directory, until: readyLine });
  return {
    ...child.output,
    pid: child.pid,
    directory,
    [Symbol.asyncDispose]: async () => {
      await child[Symbol.asyncDispose]();
      if (existing === undefined) await rm(directory, { recursive: true, force: true });
    },
  };
}

function readyLine(line: string): { readonly http: string; readonly grpc: string } | undefined {
  if (!line.startsWith("{")) return undefined;
  const { msg, http, grpc } = JSON.parse(line);
  return msg === "ready" ? { http, grpc } : undefined;
}
