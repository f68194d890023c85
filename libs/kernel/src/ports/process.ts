/** What may tell a process to end. */
export type StopSignal = "SIGTERM" | "SIGINT" | "SIGHUP" | "SIGBREAK";

/** A process that a signal ended exits with 128 and this number. */
export const signalNumbers: Readonly<Record<StopSignal, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGTERM: 15,
  SIGBREAK: 21,
};

/** How an error escaped every handler. */
export type FaultOrigin = "uncaughtException" | "unhandledRejection";

/** The process as its outermost edge sees it, so that the edge can be tested without ending one. */
export interface ProcessEdge {
  /** Calls back at every such signal, instead of ending the process. Returns how to stop listening. */
  onSignal(signal: StopSignal, listener: () => void): () => void;
  /** Calls back at every fault, instead of ending the process. Returns how to stop listening. */
  onFault(listener: (error: unknown, origin: FaultOrigin) => void): () => void;
  /** Keeps the process alive though nothing else does, until the returned function is called. */
  keepAlive(): () => void;
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
  exit: (code) => process.exit(code),
};

/**
 * Where the code of a thread or a process is that a module starts: a source, or a bundle next to the bundle of that module.
 *
 * @param from `import.meta.url` of that module
 */
export function programFileOf(from: string, source: URL, bundled: string): URL {
  return from.endsWith(".ts") ? source : new URL(bundled, from);
}
