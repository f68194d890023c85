/** Hosts for the tests of services: in this process, on free ports, configured by flags. */
import { RenewReply, registryService } from "@tutti/contracts/registry/v1";
import { type Component, memorySources } from "@tutti/kernel";
import { type Note, noteHandlers, noteService } from "@tutti/mesh/testing";
import { type HostContext, ServiceHost, type ServiceModule } from "../src/index.ts";

export interface TestHostOptions {
  readonly services?: readonly ServiceModule[];
  readonly flags?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** Assembles a host without starting it. */
export function openHost({
  services = [],
  flags = [],
  environment = {},
}: TestHostOptions = {}): Promise<ServiceHost> {
  const usual = ["--operations.port=0", "--mesh.listen=127.0.0.1:0", "--log.level=fatal"];
  const sources = memorySources({ arguments: [...usual, ...flags], environment });
  return ServiceHost.open({ name: "test", version: "1.2.3", services, sources });
}

export async function startHost(options: TestHostOptions = {}): Promise<ServiceHost> {
  const host = await openHost(options);
  await host.start();
  return host;
}

/** Returns a service whose behaviour the test sets. */
export function serviceOf(
  name: string,
  create: (host: HostContext) => Component | Promise<Component> = () => ({}),
): ServiceModule {
  return { name, sections: [], create };
}

/** Returns a service that answers each note with the result of a function. */
export function notes(name: string, answer: (note: Note) => Note): ServiceModule {
  return serviceOf(name, ({ mesh }) => {
    mesh.serve(noteService, noteHandlers({ get: answer }), { service: name });
    return {};
  });
}

const { register, renew, deregister, watch } = registryService.methods;
/** The methods of the contract that a host calls. Others are not needed here. */
const calledContract = { ...registryService, methods: { register, renew, deregister, watch } };

/** A registry that only records its calls. */
export function recordingRegistry(calls: string[]): ServiceModule {
  const position = { history: "history-1", revision: 1 };
  return serviceOf("registry", ({ mesh }) => {
    mesh.serve(calledContract, {
      register: ({ instance, leaseMs }) => {
        calls.push(`+${instance?.service} ${instance?.version} ${instance?.operationsAddress}`);
        return { position, leaseMs };
      },
      renew: () => RenewReply.fromPartial({ position }),
      deregister: ({ reason }) => {
        calls.push(`-${reason}`);
        return { removed: true, position };
      },
      async *watch(_request, { signal }) {
        yield { position, complete: true, news: undefined };
        await new Promise<void>((resolve) =>
          signal.addEventListener("abort", () => resolve(), { once: true }),
        );
      },
    });
    return {};
  });
}

/** Returns the status and the body of an operations endpoint. */
export async function fetchJson<Body>({ url }: ServiceHost, path: string): Promise<readonly [number, Body]> {
  const response = await fetch(`${url}${path}`);
  return [response.status, (await response.json()) as Body];
}
