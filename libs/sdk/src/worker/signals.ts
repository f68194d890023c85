import { type Logger, type ProcessEdge, type StopSignal, signalNumbers, thisSystem } from "@tutti/kernel";

/**
 * The first signal stops gracefully, and then the process exits with what `stop` gives. A second one exits at once with
 * 128 and its number. Returns how to stop watching.
 */
export function watchSignals(
  edge: ProcessEdge,
  logger: Logger,
  stop: (signal: StopSignal) => Promise<number>,
): () => void {
  let isStopping = false;
  const releases = thisSystem.stopSignals.map((signal) =>
    edge.onSignal(signal, () => {
      if (isStopping) {
        logger.warn("second stop signal received, exiting immediately", { signal });
        return edge.exit(128 + signalNumbers[signal]);
      }
      isStopping = true;
      stop(signal).then((code) => edge.exit(code));
    }),
  );
  return () => {
    // While it stops, a second signal must still be heard.
    if (!isStopping) for (const release of releases) release();
  };
}
