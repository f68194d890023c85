import { flushCompileCache } from "node:module";
import {
  errorFromUnknown,
  isTuttiError,
  kernelErrors,
  lifecycleErrors,
  runUntilSignal,
  systemSources,
  systemTimers,
  type Timer,
  type TuttiError,
} from "@tutti/kernel";
import { sectionsOf } from "./configuration.ts";
import { releaseMemoryWhenIdle } from "./idle-memory.ts";
import { answerTo } from "./info-flags.ts";
import { type HostOptions, ServiceHost } from "./service-host.ts";
import { softwareVersion } from "./version.ts";

export type RunHostOptions = Omit<HostOptions, "sources" | "version"> & {
  /** Called once everything is ready. */
  readonly ready?: (host: ServiceHost) => void | Promise<void>;
};

/** Runs a host from the first line of a process to its last, for every `main.ts`. */
export async function runHost({ ready, ...options }: RunHostOptions): Promise<void> {
  const host = await open(options);
  if (host === undefined) return;
  host.on("stateChanged", ({ to }) => {
    if (to.state === "failed") print(`${failureLine(options.name, to.reason)}\n`);
  });
  let memoryRelease: Timer | undefined;
  await runUntilSignal(host, {
    ready: async () => {
      host.logger.info("ready", { http: host.url, grpc: host.mesh.address });
      // Node does this at a graceful end. The next start must be fast after any end.
      flushCompileCache();
      memoryRelease = releaseMemoryWhenIdle(systemTimers);
      await ready?.(host);
    },
    flush: () => {
      memoryRelease?.cancel();
      return host.telemetry.flush();
    },
  });
}

async function open(options: Omit<RunHostOptions, "ready">): Promise<ServiceHost | undefined> {
  try {
    const sources = systemSources();
    const answer = answerTo({ name: options.name, sections: sectionsOf(options.services), sources });
    if (answer === undefined)
      return await ServiceHost.open({ ...options, version: softwareVersion, sources });
    process.stdout.write(answer);
    return undefined;
  } catch (thrown) {
    // There is no logger yet, because its settings could not be read either.
    const text = `${options.name}: ${complaint(errorFromUnknown(thrown))}\n`;
    // Resources that services opened before one of them failed must not keep the process alive.
    process.stderr.write(text, () => process.exit(2));
    return undefined;
  }
}

/** Prints a text for the person at the terminal. The log has the details. */
function print(text: string): void {
  process.stderr.write(text);
}

/** Returns one line with the error, without the failing steps: each of them repeats its cause. */
function failureLine(name: string, reason: TuttiError): string {
  let innermost = reason;
  while (isTuttiError(innermost.cause) && innermost.message.endsWith(innermost.cause.message))
    innermost = innermost.cause;
  const outcome = lifecycleErrors.startFailed.is(reason) ? "did not start" : "failed";
  return `${name} ${outcome}: ${innermost.message}`;
}

function complaint(error: TuttiError): string {
  const mistakes = error.violations.map(({ message }) => `\n  - ${message}`).join("");
  return kernelErrors.configurationInvalid.is(error) && mistakes !== ""
    ? `the configuration has mistakes:${mistakes}`
    : error.message;
}
