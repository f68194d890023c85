/**
 * The server's side of the mesh: the served methods with their handlers and interceptors. Transports pass calls to it
 * and do not depend on its details.
 */
import type { ServiceDescription } from "@tutti/contracts/rpc";
import { type Foundation, localAdministrator, StepRegistry } from "@tutti/kernel";
import type { Deadlines } from "../calls/deadlines.ts";
import { hostOf, type Method, type MethodOptions, methodsOf } from "../calls/method.ts";
import { meshErrors } from "../errors.ts";
import { admissionInterceptor } from "../interceptors/admission.ts";
import { type Binding, Chain } from "../interceptors/chain.ts";
import { serverDeadlineInterceptor } from "../interceptors/deadline.ts";
import { type Gate, identityInterceptor } from "../interceptors/identity.ts";
import { ServerLoad } from "../interceptors/load.ts";
import { logInterceptor } from "../interceptors/log.ts";
import { metricsInterceptor } from "../interceptors/metrics.ts";
import { traceInterceptor } from "../interceptors/trace.ts";
import { validateInterceptor } from "../interceptors/validate.ts";
import type { MeshSettings } from "../settings.ts";
import type { LocalServer } from "../transport/in-process/link.ts";
import { type AnyHandler, ServedMethod } from "./served-method.ts";
import type { ServerCall, ServerCallDefaults } from "./server-call.ts";
import type { Handlers, RefusedListener, RefusedListeners } from "./types.ts";

export interface MeshServerParts {
  readonly settings: MeshSettings;
  readonly foundation: Foundation;
  readonly deadlines: Deadlines;
  readonly gate: Gate;
}

export interface ServeOptions<S extends ServiceDescription> extends MethodOptions {
  readonly refused?: RefusedListeners<S>;
}

/** Called for each served service, including those served before. */
export type ServiceListener = (contract: string, service: string, methods: readonly ServedMethod[]) => void;

const noTrace = { traceId: "0".repeat(32), spanId: "0".repeat(16), sampled: false };

export class MeshServer implements LocalServer {
  /** Steps of every call before and after its handler, in order. Steps may be added until the first service. */
  readonly pipeline = new StepRegistry<Binding<ServerCall>, void>("mesh.server");
  readonly load: ServerLoad;
  readonly defaults: ServerCallDefaults;
  /** By path, and by the service that hosts them. */
  readonly #methods = new Map<string, ServedByService>();
  readonly #services: ServedService[] = [];
  readonly #listeners: ServiceListener[] = [];
  #bind: ((binding: Binding<ServerCall>) => void) | undefined = undefined;

  constructor({ settings, foundation, deadlines, gate }: MeshServerParts) {
    const { clock, timers, logger, metrics, tracer } = foundation;
    this.load = new ServerLoad(settings.limits);
    this.defaults = { principal: localAdministrator, trace: noTrace, logger };
    this.pipeline
      .register(traceInterceptor(tracer, "server"))
      .register(logInterceptor(logger, clock))
      .register(metricsInterceptor(metrics, clock, "server"))
      .register(this.load.interceptor)
      .register(serverDeadlineInterceptor(deadlines, settings.timeouts.callMs))
      .register(identityInterceptor(gate, timers))
      .register(validateInterceptor());
    if (gate.requests !== undefined) this.pipeline.register(admissionInterceptor(gate.requests));
  }

  /** The served contracts, by full name. */
  get contracts(): readonly string[] {
    return [...new Set(this.#services.map(({ contract }) => contract))];
  }

  /**
   * Serves a contract with one handler per method. Several services that host the same contract, each for its own
   * objects, are distinguished by their names.
   */
  serve<S extends ServiceDescription>(
    description: S,
    handlers: Handlers<S>,
    { refused = {}, ...options }: ServeOptions<S> = {},
  ): void {
    const { name: contract } = description;
    const service = hostOf(description, options);
    if (this.#services.some((each) => each.contract === contract && each.service === service))
      throw new Error(`expected ${contract} to be served once by ${service}, but it is served already`);
    const methods = methodsOf(description, options).map(([key, method]) =>
      this.#serveMethod(
        method,
        (handlers as Record<string, AnyHandler>)[key],
        (refused as Record<string, RefusedListener>)[key],
      ),
    );
    this.#services.push({ contract, service, methods });
    for (const listener of this.#listeners) listener(contract, service, methods);
  }

  served(path: string, hosted: string): ServedMethod | undefined {
    const byService = this.#methods.get(path);
    return byService && servedBy(byService, hosted);
  }

  onService(listener: ServiceListener): void {
    this.#listeners.push(listener);
    for (const { contract, service, methods } of this.#services) listener(contract, service, methods);
  }

  #serveMethod(
    method: Method,
    handler: AnyHandler | undefined,
    onRefused: RefusedListener | undefined,
  ): ServedMethod {
    this.#bind ??= this.pipeline.compose(() => {});
    const chain = new Chain<ServerCall>(method);
    this.#bind(chain);
    const served = new ServedMethod(method, handler ?? notServed(method), chain, onRefused);
    const byService = this.#methods.get(method.rpc.path) ?? new Map<string, ServedMethod>();
    this.#methods.set(method.rpc.path, byService.set(method.hosted, served));
    return served;
  }
}

interface ServedService {
  readonly contract: string;
  readonly service: string;
  readonly methods: readonly ServedMethod[];
}

type ServedByService = Map<string, ServedMethod>;

/** Returns the method of the named service. Without a name, the only one. */
export function servedBy(
  byService: ReadonlyMap<string, ServedMethod>,
  hosted: string,
): ServedMethod | undefined {
  const [first] = byService.values();
  return byService.get(hosted) ?? (hosted === "" && byService.size === 1 ? first : undefined);
}

function notServed(method: Method): AnyHandler {
  return () => {
    throw meshErrors.noHandler({ rpc: method.label });
  };
}
