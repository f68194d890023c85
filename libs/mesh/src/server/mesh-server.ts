/**
 * The server's side of the mesh: which methods are served, by which handlers, through which interceptors. Transports
 * bring calls to it and know nothing of what happens to them here.
 */
import type { ServiceDescription } from "@tutti/contracts/rpc";
import { type Foundation, localAdministrator, StepRegistry } from "@tutti/kernel";
import type { Deadlines } from "../calls/deadlines.ts";
import { type Method, type MethodOptions, methodsOf } from "../calls/method.ts";
import { meshErrors } from "../errors.ts";
import { type Binding, Chain } from "../interceptors/chain.ts";
import { serverDeadlineInterceptor } from "../interceptors/deadline.ts";
import { type Authorizer, type Identity, identityInterceptor } from "../interceptors/identity.ts";
import { ServerLoad } from "../interceptors/load.ts";
import { logInterceptor } from "../interceptors/log.ts";
import { metricsInterceptor } from "../interceptors/metrics.ts";
import { traceInterceptor } from "../interceptors/trace.ts";
import { validateInterceptor } from "../interceptors/validate.ts";
import type { MeshSettings } from "../settings.ts";
import type { LocalServer } from "../transport/in-process/link.ts";
import { type AnyHandler, ServedMethod } from "./served-method.ts";
import type { ServerCall, ServerCallDefaults } from "./server-call.ts";
import type { Handlers } from "./types.ts";

export interface MeshServerParts {
  readonly settings: MeshSettings;
  readonly foundation: Foundation;
  readonly deadlines: Deadlines;
  readonly identity: Identity;
  readonly authorizer: Authorizer;
}

/** Told of each service as it is served, also of those served before. */
export type ServiceListener = (contract: string, service: string, methods: readonly ServedMethod[]) => void;

const noTrace = { traceId: "0".repeat(32), spanId: "0".repeat(16), sampled: false };

export class MeshServer implements LocalServer {
  /** What happens to every call before and after its handler, in order. Steps may be added until the first service. */
  readonly pipeline = new StepRegistry<Binding<ServerCall>, void>("mesh.server");
  readonly load: ServerLoad;
  readonly defaults: ServerCallDefaults;
  readonly #methods = new Map<string, ServedMethod>();
  readonly #services = new Map<
    string,
    { readonly service: string; readonly methods: readonly ServedMethod[] }
  >();
  readonly #listeners: ServiceListener[] = [];
  #bind: ((binding: Binding<ServerCall>) => void) | undefined = undefined;

  constructor({ settings, foundation, deadlines, identity, authorizer }: MeshServerParts) {
    const { clock, logger, metrics, tracer } = foundation;
    this.load = new ServerLoad(settings.limits);
    this.defaults = { principal: localAdministrator, trace: noTrace, logger };
    this.pipeline
      .register(traceInterceptor(tracer, "server"))
      .register(logInterceptor(logger, clock))
      .register(metricsInterceptor(metrics, clock, "server"))
      .register(this.load.interceptor)
      .register(serverDeadlineInterceptor(deadlines, settings.timeouts.callMs))
      .register(identityInterceptor(identity, authorizer))
      .register(validateInterceptor());
  }

  /** The contracts that are served, by full name. */
  get contracts(): readonly string[] {
    return [...this.#services.keys()];
  }

  /** Serves a contract with one handler per method. */
  serve<S extends ServiceDescription>(
    description: S,
    handlers: Handlers<S>,
    options: MethodOptions = {},
  ): void {
    const { name: contract } = description;
    if (this.#services.has(contract))
      throw new Error(`expected ${contract} to be served once, found it served already`);
    const methods = methodsOf(description, options).map(([key, method]) =>
      this.#serveMethod(method, (handlers as Record<string, AnyHandler>)[key]),
    );
    const service = options.service ?? description.area;
    this.#services.set(contract, { service, methods });
    for (const listener of this.#listeners) listener(contract, service, methods);
  }

  served(path: string): ServedMethod | undefined {
    return this.#methods.get(path);
  }

  onService(listener: ServiceListener): void {
    this.#listeners.push(listener);
    for (const [contract, { service, methods }] of this.#services) listener(contract, service, methods);
  }

  #serveMethod(method: Method, handler: AnyHandler | undefined): ServedMethod {
    this.#bind ??= this.pipeline.compose(() => {});
    const chain = new Chain<ServerCall>(method);
    this.#bind(chain);
    const served = new ServedMethod(method, handler ?? notServed(method), chain);
    this.#methods.set(method.rpc.path, served);
    return served;
  }
}

function notServed(method: Method): AnyHandler {
  return () => {
    throw meshErrors.noHandler({ rpc: method.label });
  };
}
