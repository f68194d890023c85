import type { ModuleWorkflows } from "@tutti/validation/modules";

/**
 * The effects of a command. All access to terminal, files, time and signals passes through this port, so that a test
 * controls it.
 */
export interface Shell {
  readonly output: Sink;
  /** Output for people: progress, problems, questions. Programs read `output`. */
  readonly errors: Sink;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory: string;
  /** Whether a person can answer a question. */
  readonly isAnswered: boolean;
  /** Ends a command gracefully: Ctrl-C, or a signal. */
  readonly interrupted: AbortSignal;
  nowMs(): number;
  /** Resolves after the duration, or when the signal aborts. */
  pause(durationMs: number, signal?: AbortSignal): Promise<void>;
  /** Returns the text of a file, or of standard input for `-`. Throws the error of the file system. */
  readText(file: string): Promise<string>;
  /** Yields the bytes of a file in pieces, because it may be larger than memory. */
  readBytes(file: string): AsyncIterable<Uint8Array>;
  /** Writes a file, and replaces an existing one. */
  writeText(file: string, text: string): Promise<void>;
  /** Writes bytes in pieces. */
  writeBytes(file: string, bytes: AsyncIterable<Uint8Array>): Promise<void>;
  /** Creates a folder and its parents, if they do not exist. */
  makeFolder(folder: string): Promise<void>;
  /** Runs a module and returns the workflows that it exports, as JSON. */
  workflowsIn(file: string): Promise<ModuleWorkflows>;
  exists(file: string): boolean;
  /** Returns whether the name can be read. A folder cannot. */
  isFile(file: string): boolean;
  /** Returns the files in a folder and below, in the order of their names. Skips hidden and installed files. */
  filesIn(folder: string): Promise<readonly string[]>;
  /** Runs a script on the Node of this process, to its end. */
  runScript(script: string, args: readonly string[]): Promise<ScriptRun>;
  /**
   * Gives a script the terminal, and resolves with its exit code. An interrupt goes to the script. The variables are set
   * in addition to those of this process.
   */
  handOver(
    script: string,
    args: readonly string[],
    variables?: Readonly<Record<string, string>>,
  ): Promise<number>;
  /** Returns whether a process listens on a port of this machine. */
  listens(host: string, port: number): Promise<boolean>;
  /** The version of Node that runs this process. */
  readonly nodeVersion: string;
  /** Returns a line typed by a person. Undefined without a person at the terminal. */
  prompt(question: string): Promise<string | undefined>;
}

/** Result of a script. */
export interface ScriptRun {
  readonly exitCode: number;
  readonly output: string;
  readonly errors: string;
}

/** Standard output, or standard error. */
export interface Sink {
  readonly isTerminal: boolean;
  /** Whether colours are requested, or suitable: on a terminal, without NO_COLOR. */
  readonly hasColours: boolean;
  readonly columns: number;
  readonly rows: number;
  write(text: string): void;
  /** Calls the listener when the size of the terminal changes. Returns a function that removes the listener. */
  onResize(listener: () => void): () => void;
}
