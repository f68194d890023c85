/** The client side of the mesh: typed clients, the pipeline of their calls, and the routes to instances. */
import type { ServiceDescription } from "@tutti/contracts/rpc";
import { type Foundation, type Ownership, type Principal, StepRegistry } from "@tutti/kernel";
import type { Deadlines } from "../calls/deadlines.ts";
import { type Method, type MethodOptions, methodsOf } from "../calls/method.ts";
import type { Discovery, Instance } from "../discovery/discovery.ts";
import { BreakerClock } from "../interceptors/breaker.ts";
import { breakerStep } from "../interceptors/breaker-step.ts";
import { type Binding, Chain } from "../interceptors/chain.ts";
import { clientDeadlineInterceptor } from "../interceptors/deadline.ts";
import { callerInterceptor } from "../interceptors/identity.ts";
import { metricsInterceptor } from "../interceptors/metrics.ts";
import { retryStep } from "../interceptors/retry.ts";
import { traceInterceptor } from "../interceptors/trace.ts";
import { Routes } from "../routing/routes.ts";
import { TargetPool } from "../routing/target-pool.ts";
import type { MeshSettings } from "../settings.ts";
import type { Link } from "../transport/link.ts";
import { Caller } from "./caller.ts";
import type { ClientCall } from "./client-call.ts";
import { exchange } from "./exchange.ts";
import type { CallOptions, Client } from "./types.ts";

export interface MeshClientParts {
  readonly settings: MeshSettings;
  readonly foundation: Foundation;
  readonly deadlines: Deadlines;
  readonly discovery: Discovery;
  readonly ownership: Ownership;
  readonly principal: Principal;
  readonly link: (instance: Instance) => Link;
  readonly prepare: (instances: readonly Instance[]) => Promise<void> | undefined;
}

export class MeshClient {
  /**
   * Steps of every call before its first and after its last attempt. Steps may be added until the first client is
   * created.
   */
  readonly pipeline = new StepRegistry<Binding<ClientCall>, void>("mesh.client");
  /** Steps of every attempt. Steps may be added until the first client is created. */
  readonly attempts = new StepRegistry<ClientCall, Promise<unknown>>("mesh.attempts");
  readonly pool: TargetPool;
  readonly #parts: MeshClientParts;
  readonly #breakers: BreakerClock;
  #composed: Composed | undefined = undefined;

  constructor(parts: MeshClientParts) {
    this.#parts = parts;
    const { settings, foundation, discovery, ownership } = parts;
    const { clock, timers, chance, metrics, tracer } = foundation;
    this.#breakers = new BreakerClock(settings.breaker, timers);
    this.pool = new TargetPool({
      discovery,
      metrics,
      breakers: this.#breakers,
      link: parts.link,
      prepare: parts.prepare,
    });
    const { discoveryMs } = settings.timeouts;
    const routes = new Routes({
      pool: this.pool,
      discovery,
      ownership,
      clock,
      timers,
      chance,
      discoveryMs,
      metrics,
    });
    this.pipeline
      .register(traceInterceptor(tracer, "client"))
      .register(metricsInterceptor(metrics, clock, "client"))
      .register(clientDeadlineInterceptor(parts.deadlines))
      .register(callerInterceptor(parts.principal));
    this.attempts
      .register(retryStep({ settings: settings.retry, clock, timers, chance, routes }))
      .register(routes.step)
      .register(breakerStep(timers));
  }

  client<S extends ServiceDescription>(description: S, options: MethodOptions = {}): Client<S> {
    const composed = this.#compose();
    return createClient<S>(methodsOf(description, options), (method) => this.#caller(method, composed));
  }

  stop(): void {
    this.pool.stop();
    this.#breakers.stop();
  }

  /** From here on the steps are fixed. */
  #compose(): Composed {
    this.#composed ??= {
      bind: this.pipeline.compose(() => {}),
      attempts: this.attempts.compose(exchange(this.#parts.foundation.clock)),
    };
    return this.#composed;
  }

  #caller(method: Method, { bind, attempts }: Composed): Caller {
    const { settings, foundation } = this.#parts;
    const chain = new Chain<ClientCall>(method);
    bind(chain);
    return new Caller({ method, chain, attempts, clock: foundation.clock, callMs: settings.timeouts.callMs });
  }
}

interface Composed {
  readonly bind: (binding: Binding<ClientCall>) => void;
  readonly attempts: (call: ClientCall) => Promise<unknown>;
}

/**
 * Returns an object with one function per method. Each function is composed at its first call, because most methods are
 * never called.
 */
function createClient<S extends ServiceDescription>(
  methods: readonly [string, Method][],
  callerOf: (method: Method) => Caller,
): Client<S> {
  const client: Record<string, unknown> = {};
  for (const [key, method] of methods) {
    let cached: Caller | undefined;
    const caller = (): Caller => (cached ??= callerOf(method));
    client[key] = method.rpc.replyStream
      ? (input: unknown, options?: CallOptions) => caller().stream(input, options)
      : (input: unknown, options?: CallOptions) => caller().unary(input, options);
  }
  // The description defines the types of its methods.
  return client as Client<S>;
}
