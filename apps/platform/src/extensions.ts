import { registerHooks } from "node:module";
import { isAbsolute, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { type Foundation, Orchestrator } from "@tutti/kernel";
import { platformErrors } from "./errors.ts";

/** An orchestrator of the user, and its module. */
export interface Extension {
  readonly path: string;
  readonly orchestrator: Orchestrator;
}

export interface ExtensionsOptions {
  readonly foundation: Foundation;
  readonly version: string;
  /** Time limit for the start of each orchestrator. */
  readonly startTimeoutMs: number;
}

/** Time limit for each orchestrator to drain, and to stop. */
const endTimeoutMs = 15_000;

/**
 * The orchestrators of the user. If one of them fails, the platform is not ready and all others continue. The platform
 * waits for each of them for a limited time.
 */
export class Extensions extends Orchestrator {
  constructor(extensions: readonly Extension[], { foundation, version, startTimeoutMs }: ExtensionsOptions) {
    super("extensions", foundation, { version });
    const paths = new Map<string, string>();
    for (const { path, orchestrator } of extensions) {
      const { name } = orchestrator;
      const other = paths.get(name);
      if (other !== undefined) {
        const reason = `an orchestrator with the name \`${name}\`, which that of ${other} has too`;
        throw platformErrors.extensionUnusable({ path, reason });
      }
      paths.set(name, path);
      this.register(name, orchestrator, {
        whenFailed: "stay",
        startTimeoutMs,
        drainTimeoutMs: endTimeoutMs,
        stopTimeoutMs: endTimeoutMs,
      });
    }
  }
}

/** Creates the orchestrator from the default export of a module: a class that takes a foundation. */
export async function openExtension(path: string, foundation: Foundation): Promise<Extension> {
  const unusable = (reason: string, cause?: unknown) =>
    platformErrors.extensionUnusable({ path, reason }, { cause });
  const file = isAbsolute(path) ? path : resolve(path);
  shareKernel();
  let instance: unknown;
  try {
    const { default: Extension } = await import(pathToFileURL(file).href);
    if (typeof Extension !== "function") throw unusable(`a default export of type ${typeof Extension}`);
    instance = new Extension(foundation);
  } catch (error) {
    if (platformErrors.extensionUnusable.is(error)) throw error;
    throw unusable(error instanceof Error ? `${error.message}${placeIn(error, file)}` : String(error), error);
  }
  if (!(instance instanceof Orchestrator)) throw unusable("a class that does not extend Orchestrator");
  return { path, orchestrator: instance };
}

let isShared = import.meta.url.endsWith(".ts");

/**
 * In a bundle, modules of a user receive the bundle's kernel. With the kernel of the sources, they would extend another
 * `Orchestrator` class than the one that the platform checks.
 */
function shareKernel(): void {
  if (isShared) return;
  isShared = true;
  const url = new URL("./kernel.mjs", import.meta.url).href;
  registerHooks({
    resolve: (name, context, next) =>
      name === "@tutti/kernel" ? { url, shortCircuit: true } : next(name, context),
  });
}

/** Returns the position of an error in a file: ` at line 12:5`. Empty if the stack does not name the file. */
function placeIn({ stack = "" }: Error, file: string): string {
  const [, rest = ""] = stack.split(`${file}:`, 2);
  const [place] = /^\d+(:\d+)?/.exec(rest) ?? [];
  return place === undefined ? "" : ` at line ${place}`;
}
