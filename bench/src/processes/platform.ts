import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Child, startChild, workspace } from "./child.ts";

export interface Platform extends Child {
  readonly http: string;
  readonly grpc: string;
}

/** The platform as `npm start` runs it, on free ports and with a data directory of its own. */
export async function startPlatform(...flags: readonly string[]): Promise<Platform> {
  const directory = await mkdtemp(join(tmpdir(), "tutti-bench-"));
  const child = await startChild(
    [
      join(workspace, "apps/platform/src/main.ts"),
      ...[
        "--operations.port=0",
        "--mesh.listen=127.0.0.1:0",
        "--log.format=json",
        "--platform.dataDirectory=.",
      ],
      ...flags,
    ],
    { cwd: directory, until: readyLine },
  );
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
  const { msg, http, grpc } = JSON.parse(line);
  return msg === "ready" ? { http, grpc } : undefined;
}
