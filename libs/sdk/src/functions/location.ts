/**
 * Location in the code of a durable function that requested a step: the first frame outside of the SDK. Empty for
 * installed code.
 */
import { basename, dirname, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { promiseHooks } from "node:v8";

const pathCache = new Map<string, string>();
const frames = 1;

/** @param below the method of the SDK that the code called */
export function callSite(below: (...args: never[]) => unknown): string {
  const { stackTraceLimit, prepareStackTrace } = Error;
  const holder: { stack?: unknown } = {};
  Error.stackTraceLimit = frames;
  Error.prepareStackTrace = (_, sites) => sites[0];
  Error.captureStackTrace(holder, below);
  const site = holder.stack as NodeJS.CallSite | undefined;
  Error.stackTraceLimit = stackTraceLimit;
  Error.prepareStackTrace = prepareStackTrace;
  const file = site?.getFileName();
  return formatLine(file, site);
}

/** Lines of packages are not shown: they do not help the author of a function. */
function formatLine(file: string | null | undefined, site: NodeJS.CallSite | undefined): string {
  return file && !file.includes(installed) ? `${formatFile(file)}:${site?.getLineNumber() ?? 0}` : "";
}

const installed = "/node_modules/";

/** Returns the path from the working directory, or the name alone of a file elsewhere. */
function formatFile(file: string): string {
  const known = pathCache.get(file);
  if (known !== undefined) return known;
  const path = file.startsWith("file:") ? fileURLToPath(file) : file;
  const relativePath = relative(process.cwd(), path);
  const shortPath = relativePath.startsWith("..") ? basename(path) : relativePath.split(sep).join("/");
  pathCache.set(file, shortPath);
  return shortPath;
}

const framesTraced = 20;
const here = dirname(fileURLToPath(import.meta.url));

/** Finds the line at which code waits: the last one that created a promise while the code had control. */
export class AwaitTrace {
  #at = "";
  #stop: (() => void) | undefined;

  /** Empty if it is not known. */
  get at(): string {
    return this.#at;
  }

  enter(): void {
    this.#stop ??= promiseHooks.onInit(() => {
      this.#at = lineOfCode() || this.#at;
    }) as () => void;
  }

  leave(): void {
    this.#stop?.();
    this.#stop = undefined;
  }
}

/** Returns the line of the user that has control. Empty if none has it. */
export function lineOfCode(): string {
  const { stackTraceLimit, prepareStackTrace } = Error;
  const holder: { stack?: unknown } = {};
  Error.stackTraceLimit = framesTraced;
  Error.prepareStackTrace = (_, sites) => sites;
  Error.captureStackTrace(holder, lineOfCode);
  const sites = holder.stack as readonly NodeJS.CallSite[];
  Error.stackTraceLimit = stackTraceLimit;
  Error.prepareStackTrace = prepareStackTrace;
  const found = sites.find((site) => isOfUser(site.getFileName()));
  return formatLine(found?.getFileName(), found);
}

function isOfUser(file: string | null | undefined): boolean {
  if (!file || file.startsWith("node:") || file.includes(installed)) return false;
  const path = file.startsWith("file:") ? fileURLToPath(file) : file;
  return dirname(path) !== here || /\.(?:test|fixture)\.ts$/.test(path);
}
