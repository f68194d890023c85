/** Starts Debian's Python with gRPC, and with the package of this folder. */
import { spawn } from "node:child_process";
import { delimiter, join } from "node:path";
import { needsProgram } from "../../../tools/programs.mjs";

export const folder = join(import.meta.dirname, "..");

export const python = await needsProgram("python3");

export const environment = {
  PYTHONPATH: [join(folder, "src"), process.env["PYTHONPATH"]].filter(Boolean).join(delimiter),
  PYTHONDONTWRITEBYTECODE: "1",
};

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

/** Runs a script or a module of Python to its end. */
export function run(
  args: readonly string[],
  cwd: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const child = spawn(python.path, args, { cwd, env: { ...process.env, ...environment, ...variables } });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      output += chunk;
    });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, output }));
  });
}
