import { isAbsolute, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { type Foundation, Orchestrator } from "@tutti/kernel";
import { platformErrors } from "./errors.ts";

/** Makes the orchestrator that a module exports as its default: a class that takes a foundation. */
export async function openExtension(path: string, foundation: Foundation): Promise<Orchestrator> {
  const unusable = (reason: string, cause?: unknown) =>
    platformErrors.extensionUnusable({ path, reason }, { cause });
  const url = pathToFileURL(isAbsolute(path) ? path : resolve(path)).href;
  let made: unknown;
  try {
    const { default: Extension } = await import(url);
    if (typeof Extension !== "function") throw unusable(`a default export of type ${typeof Extension}`);
    made = new Extension(foundation);
  } catch (error) {
    if (platformErrors.extensionUnusable.is(error)) throw error;
    throw unusable(error instanceof Error ? error.message : String(error), error);
  }
  if (!(made instanceof Orchestrator)) throw unusable("a class that does not extend Orchestrator");
  return made;
}
