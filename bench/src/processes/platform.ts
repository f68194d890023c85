import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Child, startChild, workspace } from "./child.ts";

export interface Platform extends Child {
  readonly http: string;
  readonly grpc: string;
}

/** Returns the platform alone, from its program, on free ports and with a data directory of its own. */
export function startPlatform(...flags: readonly string[]): Promise<Platform> {
  return started("apps/platform/src/main.ts", flags);
}

/** The same by `npm start`, with the demonstration. */
export function startAsUsersDo(): Promise<Platform> {
  return started("tools/start.mjs", []);
}

export function temporaryDirectory(): Promise<string> {
  return mkdtemp(join(tmpdir(), "tutti-bench-"));
}

async function started(program: string, flags: readonly string[]): Promise<Platform> {
  const directory = await temporaryDirectory();
  const own = [
    ...["--operations.port=0", "--mesh.listen=127.0.0.1:0", "--log.format=json", "--log.level=info"],
    `--platform.dataDirectory=${directory}`,
  ];
  const child = await startChild([join(workspace, program), ...own, ...flags], {
    cwd: directory,
    until: readyLine,
  });
  return {
    ...child.said,
    pid: child.pid,
    [Symbol.asyncDispose]: async () => {
      await child[Symbol.asyncDispose]();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function readyLine(line: string): { readonly http: string; readonly grpc: string } | undefined {
  if (!line.startsWith("{")) return undefined;
  const { msg, http, grpc } = JSON.parse(line);
  return msg === "ready" ? { http, grpc } : undefined;
}
