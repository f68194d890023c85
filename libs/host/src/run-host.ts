import {
  errorFromUnknown,
  kernelErrors,
  runUntilSignal,
  systemSources,
  type TuttiError,
} from "@tutti/kernel";
import { type HostOptions, ServiceHost } from "./service-host.ts";
import { softwareVersion } from "./version.ts";

export type RunHostOptions = Omit<HostOptions, "sources" | "version"> & {
  /** Called once everything is ready. */
  readonly ready?: (host: ServiceHost) => void | Promise<void>;
};

/** Runs a host from the first line of a process to its last: what every `main.ts` does. */
export async function runHost({ ready, ...options }: RunHostOptions): Promise<void> {
  const host = await open(options);
  if (host === undefined) return;
  await runUntilSignal(host, {
    ready: async () => {
      host.logger.info("ready", { http: host.url, grpc: host.mesh.address });
      await ready?.(host);
    },
    flush: () => host.telemetry.flush(),
  });
}

async function open(options: Omit<RunHostOptions, "ready">): Promise<ServiceHost | undefined> {
  try {
    return await ServiceHost.open({ ...options, version: softwareVersion, sources: systemSources() });
  } catch (thrown) {
    // There is no logger yet: what it would look like is part of what could not be read.
    process.stderr.write(`${options.name}: ${complaint(errorFromUnknown(thrown))}\n`);
    process.exitCode = 2;
    return undefined;
  }
}

function complaint(error: TuttiError): string {
  const mistakes = error.violations.map(({ message }) => `\n  - ${message}`).join("");
  return kernelErrors.configurationInvalid.is(error) && mistakes !== ""
    ? `the configuration has mistakes:${mistakes}`
    : error.message;
}
