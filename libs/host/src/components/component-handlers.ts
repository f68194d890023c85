/**
 * The components of all processes of an installation. Each process knows its own, the registry knows the processes.
 *
 * 1. A process that does not answer is listed with its problem. The others are complete: a hanging process delays the
 *    answer at most by its own timeout, which ends before the caller's deadline.
 * 2. A process is asked only about itself, so that requests never loop.
 * 3. The answer has the last known state. Health checks run every few seconds, independent of requests.
 */
import {
  type componentService,
  type ListComponentsRequest,
  ProcessComponents,
} from "@tutti/contracts/registry/v1";
import { type CallContext, type Clock, errorFromUnknown, type OrchestratorStatus } from "@tutti/kernel";
import type { Client, Handlers } from "@tutti/mesh";
import { namingServices, processNameOf } from "../process-name.ts";
import { componentRows } from "./component-rows.ts";

export interface KnownInstance {
  readonly id: string;
  readonly service: string;
  readonly address: string;
  readonly version: string;
}

export interface ComponentParts {
  readonly version: () => string;
  /** Returns the status of this process with all of its components. */
  readonly status: () => OrchestratorStatus;
  /** Returns the names of the services of this process. */
  readonly services: () => readonly string[];
  readonly address: () => string;
  /** Returns all instances of the installation in the registry. */
  readonly instances: () => Promise<readonly KnownInstance[]>;
  readonly clientOf: (service: string) => Client<typeof componentService>;
  readonly clock: Pick<Clock, "monotonic">;
}

/** Timeout of a process: this time, or three quarters of the remaining time. */
const answerMs = 2_000;
const shareOfTime = 0.75;
const processesMax = 1_000;

export function componentHandlers(parts: ComponentParts): Handlers<typeof componentService> {
  return {
    async listComponents(request, context) {
      const own = ownProcess(parts, request);
      if (request.own) return { processes: own };
      const others = await otherProcesses(parts, request, context);
      const processes = [...own, ...others].sort((one, other) => compare(nameOf(one), nameOf(other)));
      return { processes: processes.slice(0, processesMax) };
    },
  };
}

const nameOf = ({ services, address }: ProcessComponents): string => processNameOf(services, address);
const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

function ownProcess(
  { version, status, services, address }: ComponentParts,
  { service }: ListComponentsRequest,
): ProcessComponents[] {
  const tree = status();
  const runs = service === "" || tree.components.some(({ name }) => name === service);
  if (!runs && !services().includes(service)) return [];
  const components = componentRows(tree, service);
  return [
    { services: namingServices(services()), address: address(), version: version(), problem: "", components },
  ];
}

async function otherProcesses(
  parts: ComponentParts,
  request: ListComponentsRequest,
  context: CallContext,
): Promise<ProcessComponents[]> {
  let found: readonly KnownInstance[];
  try {
    found = await parts.instances();
  } catch (thrown) {
    const problem = `The registry does not answer: ${errorFromUnknown(thrown).message}`;
    return [ProcessComponents.fromPartial({ services: ["registry"], problem })];
  }
  const here = parts.address();
  const remote = found.filter(({ address }) => address !== "" && address !== here);
  const byAddress = Map.groupBy(remote, ({ address }) => address);
  const matching = [...byAddress.values()].filter(
    (instances) => request.service === "" || instances.some(({ service }) => service === request.service),
  );
  return Promise.all(
    matching.map((instances) => queryProcess(parts, instances, { ...request, own: true }, context)),
  );
}

async function queryProcess(
  { clientOf, clock }: ComponentParts,
  instances: readonly KnownInstance[],
  request: ListComponentsRequest,
  context: CallContext,
): Promise<ProcessComponents> {
  const instance = instances.find(({ service }) => service === request.service) ?? instances[0];
  const { service = "", id = "", address = "", version = "" } = instance ?? {};
  const remainingMs = (context.deadlineMs - clock.monotonic()) * shareOfTime;
  const timeoutMs = Math.max(1, Math.min(answerMs, remainingMs));
  const services = namingServices(instances.map((each) => each.service));
  try {
    const { processes } = await clientOf(service).listComponents(request, {
      context,
      instance: id,
      timeoutMs,
    });
    const [process] = processes;
    return ProcessComponents.fromPartial({ ...process, services, address, version });
  } catch (thrown) {
    const { message, status } = errorFromUnknown(thrown);
    if (status === "PERMISSION_DENIED") throw thrown;
    return ProcessComponents.fromPartial({ services, address, version, problem: message });
  }
}
