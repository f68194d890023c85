/** Connects an application of a framework: its requests, its start and its stop. */
import { type EmbeddedHealth, EmbeddedTutti } from "./embedded.ts";
import type { EmbeddedRequest } from "./users.ts";

type Next = (error?: unknown) => void;
type Middleware<Request> = (request: Request, response: unknown, next: Next) => void;

/**
 * Middleware of Express and compatible frameworks: `app.use(expressTutti(tutti))`. Add it before the routes and after
 * parsers of bodies.
 */
export function expressTutti<Request extends EmbeddedRequest>(
  tutti: EmbeddedTutti<Request>,
): Middleware<Request> {
  return (request, _response, next) => tutti.during(request, () => next());
}

interface JsonResponse {
  status(code: number): { json(body: unknown): unknown };
}

/** Route of Express that reports the health: `app.get("/healthz", expressHealth(tutti))`. */
export function expressHealth(
  tutti: EmbeddedTutti<never>,
): (request: unknown, response: JsonResponse) => void {
  return (_request, response) => {
    const health = tutti.health();
    response.status(statusOf(health)).json(health);
  };
}

/** Returns the HTTP status for a probe. A degraded application still serves, so it is 200. */
export function statusOf({ level }: EmbeddedHealth): 200 | 503 {
  return level === "unhealthy" ? 503 : 200;
}

/** The part of Fastify that the plugin uses. */
export interface FastifyApplication {
  addHook(name: never, hook: never): unknown;
}

/**
 * A plugin of Fastify: `app.register(fastifyTutti(tutti))`. Tutti starts when the application is ready, and stops when it
 * closes.
 */
export function fastifyTutti<Request extends EmbeddedRequest>(
  tutti: EmbeddedTutti<Request>,
): (app: FastifyApplication, options: unknown, done: () => void) => void {
  const hooks = {
    onReady: () => tutti.start(),
    onClose: () => tutti.stop(),
    onRequest: during(tutti),
    // Events of the connection read the body. They belong to no request.
    preValidation: during(tutti),
  };
  const plugin = (app: FastifyApplication, _options: unknown, done: () => void) => {
    for (const [name, hook] of Object.entries(hooks)) app.addHook(name as never, hook as never);
    done();
  };
  // Applies the hooks to all routes, as `fastify-plugin` does.
  return Object.assign(plugin, { [Symbol.for("skip-override")]: true });
}

function during<Request extends EmbeddedRequest>(tutti: EmbeddedTutti<Request>) {
  return (request: Request, _reply: unknown, done: () => void) => tutti.during(request, done);
}

interface NestConsumer {
  apply(middleware: Middleware<never>): { forRoutes(route: string): unknown };
}

/** The part of a dynamic module of Nest that is used. */
export interface NestModule {
  readonly module: new () => object;
  readonly global: true;
  readonly providers: { provide: typeof EmbeddedTutti; useValue: unknown }[];
  readonly exports: (typeof EmbeddedTutti)[];
}

/**
 * A module of Nest: `imports: [nestTutti(tutti)]`. Providers inject the class `EmbeddedTutti`. Tutti starts and stops with
 * the application. Call `app.enableShutdownHooks()`.
 */
export function nestTutti<Request extends EmbeddedRequest>(tutti: EmbeddedTutti<Request>): NestModule {
  class TuttiModule {
    configure(consumer: NestConsumer): void {
      consumer.apply(expressTutti(tutti)).forRoutes("{*path}");
    }
    onApplicationBootstrap(): Promise<void> {
      return tutti.start();
    }
    beforeApplicationShutdown(): Promise<void> {
      return tutti.stop();
    }
  }
  return {
    module: TuttiModule,
    global: true,
    providers: [{ provide: EmbeddedTutti, useValue: tutti }],
    exports: [EmbeddedTutti],
  };
}
