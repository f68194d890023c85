/** A full platform in its own process, for programs in other languages. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { serviceProgram } from "../../../tools/fronts.mjs";

export interface Platform extends AsyncDisposable {
  readonly http: string;
  readonly grpc: string;
}

/** Starts a platform with its data in the folder. */
export async function startPlatform(directory: string): Promise<Platform> {
  const main = serviceProgram("platform");
  const flags = ["--operations.port=0", "--mesh.listen=127.0.0.1:0", "--log.format=json"];
  const platform = spawn(process.execPath, [main, ...flags], {
    ...{ cwd: directory, stdio: ["ignore", "pipe", "inherit"] },
  });
  const ended = once(platform, "exit");
  const stop = async (): Promise<void> => {
    platform.kill("SIGKILL");
    await ended;
  };
  for await (const line of createInterface({ input: platform.stdout })) {
    const { msg, http, grpc } = JSON.parse(line);
    if (msg === "ready") return { http: String(http), grpc: String(grpc), [Symbol.asyncDispose]: stop };
  }
  await stop();
  throw new Error("expected the platform to be ready, but it ended");
}
