import { defaultUrl, usualUrl } from "@tutti/kernel";
import type { Context } from "../command/declaration.ts";
import { exitCodes } from "../command/exit-codes.ts";
import { Failure, usageFailure } from "../command/failure.ts";

/** Returns the first address of the platform. */
export function serverAddress(context: Pick<Context, "values" | "shell">): string {
  return serverAddresses(context)[0] ?? usualUrl;
}

/** Returns the addresses of the platform: from the option, the environment, the folder, or the default. */
export function serverAddresses({ values, shell }: Pick<Context, "values" | "shell">): readonly string[] {
  const [from, url] =
    values.text("server") === undefined
      ? fromEnvironment(shell.environment)
      : ["--server", values.text("server")];
  const given = url === undefined || url === "" ? defaultUrl() : url;
  return given.split(",").map((each) => addressOf(each.trim(), from));
}

function addressOf(url: string, from: string): string {
  // People write `localhost:7400`, which would be a URL of the scheme `localhost`.
  const text = /^[a-z]+:\/\//i.test(url) ? url : `http://${url}`;
  try {
    const url = new URL(text);
    if (url.protocol === "http:" || url.protocol === "https:") return text.replace(/\/+$/, "");
  } catch {
    // The failure below has the expected form.
  }
  throw usageFailure(`${from}: expected a URL such as ${usualUrl}, got \`${url}\``);
}

/** Returns the variable of all programs, or else the older variable of the CLI. */
function fromEnvironment(
  environment: Context["shell"]["environment"],
): readonly [string, string | undefined] {
  const url = environment["TUTTI_URL"];
  return url === undefined ? ["TUTTI_SERVER", environment["TUTTI_SERVER"]] : ["TUTTI_URL", url];
}

/** Returns the key from a file or the environment. Undefined without one. */
export async function keyOf({
  values,
  shell,
}: Pick<Context, "values" | "shell">): Promise<string | undefined> {
  const file = values.text("key-file");
  if (file === undefined) {
    const key = (shell.environment["TUTTI_API_KEY"] ?? shell.environment["TUTTI_KEY"])?.trim();
    return key === "" ? undefined : key;
  }
  try {
    return (await shell.readText(file)).trim();
  } catch (error) {
    throw unreadable(file, error);
  }
}

/** Returns the failure for a file that cannot be read. */
export function unreadable(file: string, cause: unknown): Failure {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: "file not found",
    EACCES: "permission denied",
    EISDIR: "it is a folder",
  };
  const reason = reasons[code] ?? (cause instanceof Error ? cause.message : String(cause));
  const next = [`Pass a readable file, or - for standard input.`];
  return new Failure(`${file} cannot be read: ${reason}`, {
    exitCode: exitCodes.usage,
    code: "file",
    cause,
    next,
  });
}
