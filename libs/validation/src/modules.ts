/**
 * Reads the workflows that modules export, in TypeScript or JavaScript.
 *
 * 1. A module runs in a process of its own, which ends after the read. So the newest content of the module and its
 *    imports counts, and other things that the module starts do not remain.
 * 2. A module runs only if its text imports the SDK, calls `workflow(…)` and exports something. So workers and tests do
 *    not run.
 */
import { spawn } from "node:child_process";
import { pathToFileURL } from "node:url";
import { isWorkflowDocument } from "@tutti/definitions";
import type { Timers } from "@tutti/kernel";

const readMaxMs = 20_000;
const errorsMax = 16 * 1024;

/** Sends the exports of the module without waiting for work that the module started. */
const reader = `
const done = (message) => process.send(message, () => process.exit(0));
try {
  const exported = Object.entries(await import(process.argv[1]));
  const documents = exported.filter(([, value]) => typeof value === "object" && value !== null);
  done({ exported: JSON.parse(JSON.stringify(documents.map(([, value]) => ("workflow" in value ? value : null)))) });
} catch (error) {
  done({ failure: error instanceof Error ? error.message : String(error) });
}
`;

export function isModuleName(name: string): boolean {
  return /\.m?[jt]s$/i.test(name) && !/\.(?:d|test|spec)\.m?[jt]s$/i.test(name);
}

/** Returns true if the text of a module may export workflows made by the builder. */
export function mayExportWorkflows(text: string): boolean {
  return (
    /\bfrom\s*["']@tutti\/sdk(?:\/workflow)?["']/.test(text) &&
    /\bworkflow\s*(?:<[^(]*>)?\(/.test(text) &&
    /^\s*export\b/m.test(text)
  );
}

export interface ModuleWorkflows {
  /** The workflows that the module exports, as JSON. */
  readonly texts: readonly string[];
  /** Reason why the module could not be read. */
  readonly failure: string | undefined;
}

/** Runs a module and returns the workflows that it exports. */
export async function workflowsOfModule(path: string, timers: Timers): Promise<ModuleWorkflows> {
  const { exported = [], failure } = await exportsOf(path, timers);
  const documents = exported.filter((value) => isWorkflowDocument(value));
  return { texts: documents.map((value) => JSON.stringify(value)), failure };
}

interface Exported {
  readonly exported?: readonly unknown[];
  readonly failure?: string;
}

function exportsOf(path: string, timers: Timers): Promise<Exported> {
  const { promise, resolve } = Promise.withResolvers<Exported>();
  const child = spawn(
    process.execPath,
    ["--no-warnings", "--input-type=module", "--eval", reader, pathToFileURL(path).href],
    { stdio: ["ignore", "ignore", "pipe", "ipc"] },
  );
  const limit = timers.after(readMaxMs, () => {
    child.kill("SIGKILL");
    resolve({ failure: `the module did not load within ${readMaxMs / 1000} s` });
  });
  let errors = "";
  child.stderr?.on("data", (part) => {
    if (errors.length < errorsMax) errors += String(part);
  });
  child.on("message", (message: Exported) => resolve(message));
  child.on("error", ({ message }) => resolve({ failure: message }));
  child.on("close", (code) => {
    limit.cancel();
    const lastError = errors.trim().split("\n").at(-1) ?? "";
    resolve({
      failure: `the module ended with code ${code} before its exports were read. ${lastError}`.trim(),
    });
  });
  return promise;
}
