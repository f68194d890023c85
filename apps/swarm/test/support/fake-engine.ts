/** The part of a container engine that scalers use: containers run until a test or a signal ends them. */
import { createServer, type Server, type ServerResponse } from "node:http";

export interface FakeContainer {
  readonly id: string;
  readonly name: string;
  readonly spec: {
    readonly Image: string;
    readonly Cmd?: readonly string[];
    readonly Env: readonly string[];
    readonly Labels: Readonly<Record<string, string>>;
    readonly HostConfig: Readonly<Record<string, unknown>>;
  };
  state: "created" | "running" | "exited";
  code: number;
  isOutOfMemory: boolean;
  /** Ends only by SIGKILL. */
  isStubborn: boolean;
  lines: readonly string[];
  readonly signals: string[];
}

export class FakeEngine {
  readonly containers = new Map<string, FakeContainer>();
  readonly images = new Set(["crew:1"]);
  /** Images of the registry. */
  readonly afar = new Set<string>();
  readonly pulled: string[] = [];
  /** The error of the next start. */
  refusal: string | undefined;
  readonly #waiting = new Map<string, ServerResponse[]>();
  #server: Server | undefined;
  #created = 0;

  async listen(socket: string): Promise<void> {
    const server = createServer(async (request, response) => {
      let body = "";
      for await (const piece of request) body += piece;
      const url = new URL(request.url ?? "", "http://engine");
      const answer = this.#handleRequest(request.method ?? "", url, body, response);
      if (answer !== undefined) respond(response, answer);
    });
    this.#server = server;
    await new Promise<void>((resolve) => void server.listen(socket, resolve));
  }

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.#waiting.clear();
    server?.closeAllConnections();
    await new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve())));
  }

  /** Running containers by their agent. */
  get running(): Map<string, FakeContainer> {
    const all = [...this.containers.values()].filter(({ state }) => state === "running");
    return new Map(all.map((container) => [container.spec.Labels["dev.tutti.agent"] ?? "", container]));
  }

  exit(container: FakeContainer, code: number): void {
    container.state = "exited";
    container.code = code;
    for (const response of this.#waiting.get(container.id) ?? [])
      respond(response, { status: 200, value: { StatusCode: code } });
    this.#waiting.delete(container.id);
  }

  #handleRequest(method: string, url: URL, body: string, response: ServerResponse): Answer | undefined {
    if (url.pathname === "/_ping") {
      response.writeHead(200, { "api-version": "1.41" }).end("OK");
      return undefined;
    }
    const path = url.pathname.replace(/^\/v1\.41/, "");
    if (path === url.pathname) return { status: 400, value: { message: "expected a version" } };
    if (path === "/containers/json") return { status: 200, value: this.#list(url) };
    if (path === "/containers/create") return this.#create(url.searchParams.get("name") ?? "", body);
    if (path === "/images/create") {
      this.#pull(url.searchParams.get("fromImage") ?? "", response);
      return undefined;
    }
    const [, name = "", verb = ""] = /^\/containers\/([^/]+)(?:\/(\w+))?$/.exec(path) ?? [];
    const found = [...this.containers.values()].find(({ id, name: other }) => id === name || other === name);
    if (found === undefined) return { status: 404, value: { message: `no such container: ${name}` } };
    if (method === "DELETE") {
      this.exit(found, 137);
      this.containers.delete(found.id);
      return { status: 204 };
    }
    switch (verb) {
      case "start":
        if (this.refusal !== undefined) return { status: 500, value: { message: this.refusal } };
        found.state = "running";
        return { status: 204 };
      case "wait":
        if (found.state !== "running") return { status: 200, value: { StatusCode: found.code } };
        this.#waiting.set(found.id, [...(this.#waiting.get(found.id) ?? []), response]);
        return undefined;
      case "json":
        return {
          status: 200,
          value: {
            State: {
              Running: found.state === "running",
              ExitCode: found.code,
              OOMKilled: found.isOutOfMemory,
            },
          },
        };
      case "logs":
        response.writeHead(200);
        for (const [index, line] of found.lines.entries())
          response.write(frame(1 + (index % 2), `${line}\n`));
        response.end();
        return undefined;
      default:
        return this.#signal(found, url.searchParams.get("signal") ?? "SIGKILL");
    }
  }

  #list(url: URL): object[] {
    const { label } = JSON.parse(url.searchParams.get("filters") ?? "{}") as { label: string[] };
    const isMatch = ({ spec }: FakeContainer) =>
      label.every(
        (condition) =>
          spec.Labels[condition.slice(0, condition.indexOf("="))] ===
          condition.slice(condition.indexOf("=") + 1),
      );
    return [...this.containers.values()]
      .filter(isMatch)
      .map(({ id, state, spec }) => ({ Id: id, State: state, Labels: spec.Labels }));
  }

  #create(name: string, body: string): Answer {
    const spec = JSON.parse(body) as FakeContainer["spec"];
    if (!this.images.has(spec.Image))
      return { status: 404, value: { message: `no such image: ${spec.Image}` } };
    if ([...this.containers.values()].some((other) => other.name === name))
      return { status: 409, value: { message: `the name ${name} is in use` } };
    const id = `c${++this.#created}`;
    const fresh = { state: "created", code: 0, isOutOfMemory: false, isStubborn: false } as const;
    this.containers.set(id, { ...fresh, id, name, spec, lines: [], signals: [] });
    return { status: 201, value: { Id: id } };
  }

  #pull(image: string, response: ServerResponse): void {
    this.pulled.push(image);
    response.writeHead(200);
    response.write(`${JSON.stringify({ status: "Pulling" })}\n`);
    if (this.afar.has(image)) this.images.add(image);
    else response.write(`${JSON.stringify({ error: "manifest unknown" })}\n`);
    response.end();
  }

  #signal(container: FakeContainer, signal: string): Answer {
    if (container.state !== "running") return { status: 409, value: { message: "it is not running" } };
    container.signals.push(signal);
    if (signal === "SIGKILL" || !container.isStubborn) this.exit(container, signal === "SIGKILL" ? 137 : 0);
    return { status: 204 };
  }
}

interface Answer {
  readonly status: number;
  readonly value?: unknown;
}

function respond(response: ServerResponse, { status, value }: Answer): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(value === undefined ? undefined : JSON.stringify(value));
}

function frame(stream: number, text: string): Buffer {
  const bytes = Buffer.from(text);
  const head = Buffer.alloc(8);
  head[0] = stream;
  head.writeUInt32BE(bytes.length, 4);
  return Buffer.concat([head, bytes]);
}
