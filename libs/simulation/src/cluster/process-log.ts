import { type Logger, silentLogger } from "@tutti/kernel";
import type { World } from "../world/world.ts";

/** Returns a logger that writes to the trace. */
export function processLog(world: World, name: string): Logger {
  const write = (level: string) => (message: string, fields?: object) =>
    world.trace(name, () => `${level}: ${message} ${formatFields(fields)}`);
  return {
    ...silentLogger,
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
    fatal: write("fatal"),
    child: () => processLog(world, name),
  };
}

function formatFields(fields: object | undefined): string {
  return JSON.stringify(fields ?? {}, (_, value: unknown) =>
    value instanceof Error
      ? (value.stack ?? String(value))
      : typeof value === "bigint"
        ? String(value)
        : value,
  );
}
