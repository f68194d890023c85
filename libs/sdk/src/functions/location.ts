/** Where the code of a durable function asked for a step: the first frame outside of the SDK. */
import { basename, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

const shown = new Map<string, string>();
const frames = 1;

/** @param below the method of the SDK that the code called */
export function callSite(below: (...given: never[]) => unknown): string {
  const { stackTraceLimit, prepareStackTrace } = Error;
  const holder: { stack?: unknown } = {};
  Error.stackTraceLimit = frames;
  Error.prepareStackTrace = (_, sites) => sites[0];
  Error.captureStackTrace(holder, below);
  const site = holder.stack as NodeJS.CallSite | undefined;
  Error.stackTraceLimit = stackTraceLimit;
  Error.prepareStackTrace = prepareStackTrace;
  const file = site?.getFileName();
  return file ? `${fileShown(file)}:${site?.getLineNumber() ?? 0}` : "";
}

/** Returns the path from the working directory, or the name alone of a file elsewhere. */
function fileShown(file: string): string {
  const known = shown.get(file);
  if (known !== undefined) return known;
  const path = file.startsWith("file:") ? fileURLToPath(file) : file;
  const near = relative(process.cwd(), path);
  const made = near.startsWith("..") ? basename(path) : near.split(sep).join("/");
  shown.set(file, made);
  return made;
}
