import type { ModuleWorkflows } from "@tutti/validation/modules";
import type { Shell, Sink } from "../effects/shell.ts";

export interface MemorySink extends Sink {
  readonly text: string;
  /** Changes the size, as a resize of the window does. */
  resize(columns: number, rows: number): void;
}

export function memorySink({ isTerminal = false, columns = 80, rows = 24 } = {}): MemorySink {
  let text = "";
  let size = { columns, rows };
  const listeners = new Set<() => void>();
  return {
    isTerminal,
    hasColours: false,
    get columns() {
      return size.columns;
    },
    get rows() {
      return size.rows;
    },
    get text() {
      return text;
    },
    write(more) {
      text += more;
    },
    onResize(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    resize(newColumns, newRows) {
      size = { columns: newColumns, rows: newRows };
      for (const listener of listeners) listener();
    },
  };
}

export interface MemoryShell extends Shell {
  /** Texts by file name. */
  readonly written: ReadonlyMap<string, string>;
  readonly output: MemorySink;
  readonly errors: MemorySink;
}

export interface MemoryShellOptions {
  readonly files?: Readonly<Record<string, string>>;
  /** Workflows that modules export, by file name. */
  readonly modules?: Readonly<Record<string, ModuleWorkflows>>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly answer?: string;
  readonly terminal?: { readonly columns: number; readonly rows: number };
  readonly nowMs?: number;
  readonly listening?: readonly number[];
}

/** Returns a shell in memory. The test sets files and answers, written text is kept, and pauses take no time. */
export function memoryShell(options: MemoryShellOptions = {}): MemoryShell {
  const { files = {}, modules = {}, environment = {}, answer, terminal, nowMs = 0, listening = [] } = options;
  const sink = (): MemorySink => memorySink(terminal === undefined ? {} : { isTerminal: true, ...terminal });
  const written = new Map<string, string>();
  return {
    written,
    output: sink(),
    errors: sink(),
    environment,
    workingDirectory: "/nowhere",
    isAnswered: answer !== undefined,
    interrupted: new AbortController().signal,
    nodeVersion: "20.0.0",
    nowMs: () => nowMs,
    pause: (_, signal) =>
      new Promise((done) => {
        if (signal === undefined || signal.aborted) done();
        else signal.addEventListener("abort", () => done(), { once: true });
      }),
    async readText(file) {
      const text = files[file];
      if (text === undefined) throw Object.assign(new Error("not there"), { code: "ENOENT" });
      return text;
    },
    makeFolder: () => Promise.resolve(),
    async writeText(file, text) {
      written.set(file, text);
    },
    async writeBytes(file, bytes) {
      const parts: Uint8Array[] = [];
      for await (const part of bytes) parts.push(part);
      written.set(file, Buffer.concat(parts).toString());
    },
    async *readBytes(file) {
      const text = files[file];
      if (text === undefined) throw Object.assign(new Error("not there"), { code: "ENOENT" });
      yield Buffer.from(text);
    },
    workflowsIn: async (file) => modules[file] ?? { texts: [], failure: undefined },
    exists: (file) => file in files,
    isFile: (file) => file in files,
    async filesIn(folder) {
      const found = Object.keys(files).filter((file) => folder === "." || file.startsWith(`${folder}/`));
      if (found.length === 0 && folder !== ".")
        throw Object.assign(new Error("not there"), { code: "ENOENT" });
      return found.sort();
    },
    runScript: async () => ({ exitCode: 1, output: "", errors: "no scripts here" }),
    handOver: async () => 1,
    listens: async (_, port) => listening.includes(port),
    prompt: async () => answer,
  };
}
