import { isAbsolute, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { type Foundation, Orchestrator } from "@tutti/kernel";
import { platformErrors } from "./errors.ts";

/** Makes the orchestrator that a module exports as its default: a class that takes a foundation. */
export async function openExtension(path: string, foundation: Foundation): Promise<Orchestrator> {
  const unusable = (reason: string, cause?: unknown) =>
    platformErrors.extensionUnusable({ path, reason }, { cause });
  const file = isAbsolute(path) ? path : resolve(path);
  let made: unknown;
  try {
    const { default: Extension } = await import(pathToFileURL(file).href);
    if (typeof Extension !== "function") throw unusable(`a default export of type ${typeof Extension}`);
    made = new Extension(foundation);
  } catch (error) {
    if (platformErrors.extensionUnusable.is(error)) throw error;
    throw unusable(error instanceof Error ? `${error.message}${placeIn(error, file)}` : String(error), error);
  }
  if (!(made instanceof Orchestrator)) throw unusable("a class that does not extend Orchestrator");
  return made;
}

/** Where in a file an error arose: ` at line 12:5`; empty where the error does not say. */
function placeIn({ stack = "" }: Error, file: string): string {
  const [, rest = ""] = stack.split(`${file}:`, 2);
  const [place] = /^\d+(:\d+)?/.exec(rest) ?? [];
  return place === undefined ? "" : ` at line ${place}`;
}
