/**
 * The world of a command: what it prints to, reads from, and waits for. Everything that touches terminal, files, time and
 * signals passes through here, so that a test can hold it in its hands.
 */
export interface Shell {
  readonly output: Sink;
  /** For people, beside what programs read: progress, problems, questions. */
  readonly errors: Sink;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory: string;
  /** Whether a person can answer a question. */
  readonly isAnswered: boolean;
  /** Ends a command gracefully: Ctrl-C, or a signal. */
  readonly interrupted: AbortSignal;
  nowMs(): number;
  /** Resolves after a while, or at once when the signal says so. */
  pause(durationMs: number, signal?: AbortSignal): Promise<void>;
  /** Text of a file. Of standard input for `-`. Throws what the file system says. */
  readText(file: string): Promise<string>;
  /** Returns its bytes, piece by piece, for what may be larger than memory. */
  readBytes(file: string): AsyncIterable<Uint8Array>;
  /** Writes a file, and replaces an existing one. */
  writeText(file: string, text: string): Promise<void>;
  /** The same of bytes, piece by piece. */
  writeBytes(file: string, bytes: AsyncIterable<Uint8Array>): Promise<void>;
  /** Makes a folder and those above it, if they are not there. */
  makeFolder(folder: string): Promise<void>;
  exists(file: string): boolean;
  /** Returns whether there is something to read under the name: a folder is no file. */
  isFile(file: string): boolean;
  /** Returns the files in a folder and below, but for what is hidden or installed, in the order of their names. */
  filesIn(folder: string): Promise<readonly string[]>;
  /** Runs a script on the Node of this process, to its end. */
  runScript(script: string, words: readonly string[]): Promise<ScriptRun>;
  /** Gives a script the terminal, and resolves with how it ended. An interrupt goes to the script. */
  handOver(script: string, words: readonly string[]): Promise<number>;
  /** Returns whether a process listens on a port of this machine. */
  listens(host: string, port: number): Promise<boolean>;
  /** The version of Node that runs this. */
  readonly nodeVersion: string;
  /** Returns a line typed by a person. Undefined without a person at the terminal. */
  ask(question: string): Promise<string | undefined>;
}

/** What came of a script. */
export interface ScriptRun {
  readonly exitCode: number;
  readonly output: string;
  readonly errors: string;
}

/** Standard output, or standard error. */
export interface Sink {
  readonly isTerminal: boolean;
  /** Whether colours were asked for, or are fit: of a terminal, without NO_COLOR. */
  readonly hasColours: boolean;
  readonly columns: number;
  readonly rows: number;
  write(text: string): void;
  /** Calls back when the terminal has another size. Returns how to stop listening. */
  onResize(listener: () => void): () => void;
}
