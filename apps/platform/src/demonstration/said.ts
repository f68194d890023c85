import type { LogLevel } from "@tutti/kernel";

/** A line of a worker: an entry of its log, or any other output. */
export interface Said {
  readonly level: LogLevel;
  readonly text: string;
}

const levels: readonly LogLevel[] = ["trace", "debug", "info", "warn", "error", "fatal"];

/** Workers log one JSON object per line. What else comes, such as the trace of an error, is trouble. */
export function saidIn(line: string): Said {
  const { level, message, error } = fieldsOf(line);
  const known = levels.find((each) => each === level);
  if (known === undefined || typeof message !== "string") return { level: "warn", text: line };
  const because = messageOf(error);
  return { level: known, text: because === "" ? message : `${message}: ${because}` };
}

function fieldsOf(line: string): Readonly<Record<string, unknown>> {
  if (!line.startsWith("{")) return {};
  try {
    const found: unknown = JSON.parse(line);
    return typeof found === "object" && found !== null ? { ...found } : {};
  } catch {
    return {};
  }
}

/** TypeScript logs an error as an object, Python as its trace, whose last line says it. */
function messageOf(error: unknown): string {
  if (typeof error === "string") return error.trimEnd().split("\n").at(-1) ?? "";
  const message = typeof error === "object" && error !== null && "message" in error ? error.message : "";
  return typeof message === "string" ? message : "";
}
