/** Signals that end a process. */
export type StopSignal = "SIGTERM" | "SIGINT" | "SIGHUP" | "SIGBREAK";

/** Numbers of signals. A process that a signal ended exits with 128 plus the number. */
export const signalNumbers: Readonly<Record<StopSignal, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGTERM: 15,
  SIGBREAK: 21,
};

/** How an error escaped every handler. */
export type FaultOrigin = "uncaughtException" | "unhandledRejection";

/** Port for the process itself, so that its main function can be tested without ending one. */
export interface ProcessEdge {
  /** Calls back at every such signal, instead of ending the process. Returns a function that stops that. */
  onSignal(signal: StopSignal, listener: () => void): () => void;
  /** Calls back at every fault, instead of ending the process. Returns a function that stops that. */
  onFault(listener: (error: unknown, origin: FaultOrigin) => void): () => void;
  /** Keeps the process alive until the returned function is called, even if nothing else does. */
  keepAlive(): () => void;
  /** Calls back when nothing keeps the process alive. Returns a function that stops that. */
  onEmpty(listener: () => void): () => void;
  exit(code: number): void;
}

const dayMs = 86_400_000;

export const systemProcess: ProcessEdge = {
  onSignal(signal, listener) {
    process.on(signal, listener);
    return () => process.off(signal, listener);
  },
  onFault(listener) {
    const onException = (error: unknown): void => listener(error, "uncaughtException");
    const onRejection = (error: unknown): void => listener(error, "unhandledRejection");
    process.on("uncaughtException", onException);
    process.on("unhandledRejection", onRejection);
    return () => {
      process.off("uncaughtException", onException);
      process.off("unhandledRejection", onRejection);
    };
  },
  keepAlive() {
    const handle = setInterval(() => {}, dayMs);
    return () => clearInterval(handle);
  },
  onEmpty(listener) {
    process.once("beforeExit", listener);
    return () => process.off("beforeExit", listener);
  },
  exit: (code) => process.exit(code),
};

/**
 * Returns the code of a thread or a process that a module starts: a source, or a bundle next to the module's bundle.
 *
 * @param from `import.meta.url` of that module
 */
export function programFileOf(from: string, source: URL, bundled: string): URL {
  return from.endsWith(".ts") ? source : new URL(bundled, from);
}
