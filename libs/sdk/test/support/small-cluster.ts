/** The part of the Kubernetes API that tasks use: Jobs, Secrets, pods, logs and watches. Tests play the kubelet. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

// biome-ignore lint/suspicious/noExplicitAny: objects of the API are as free as there.
type Json = any;
type Kind = "jobs" | "pods" | "secrets";

export class SmallCluster {
  readonly objects: Record<Kind, Map<string, Json>> = {
    jobs: new Map(),
    pods: new Map(),
    secrets: new Map(),
  };
  readonly requests: string[] = [];
  /** Each line of the log, as the container wrote it. */
  readonly log: string[] = [];
  /** Logs of the container that reads `outputs`, one per request. The last one is repeated. */
  outputs: string[] = [];
  /** Called when a Job may start. */
  onJob: (job: Json) => void = () => {};
  /** Decides whether a request is refused, and how. */
  refuse: (method: string, path: string) => [status: number, message: string] | undefined = () => undefined;
  readonly #watchers = new Set<{
    readonly kind: Kind;
    readonly response: ServerResponse;
    readonly label: string;
  }>();
  readonly #logs = new Set<ServerResponse>();
  readonly #server = createServer((request, response) => void this.#handleRequest(request, response));
  #version = 1;
  #folder = "";
  #hasEnded = false;

  static async start(): Promise<SmallCluster> {
    const cluster = new SmallCluster();
    cluster.#folder = await mkdtemp(join(tmpdir(), "small-cluster-"));
    await writeFile(join(cluster.#folder, "token"), "first\n");
    await writeFile(join(cluster.#folder, "namespace"), "agents");
    await new Promise<void>((resolve) => void cluster.#server.listen(0, "127.0.0.1", resolve));
    return cluster;
  }

  get options() {
    const { port } = this.#server.address() as AddressInfo;
    return { server: `http://127.0.0.1:${port}`, credentials: this.#folder };
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => void this.#server.close(() => resolve()));
    await rm(this.#folder, { recursive: true });
  }

  /** Sets the pod of a Job, with the state of its container, and of the container that reads `outputs`. */
  pod(job: Json, state: object, status: object = {}, reader?: object): void {
    this.#hasEnded = "terminated" in state;
    const task = { name: "task", imageID: "img@sha256:1", state };
    const statuses =
      reader === undefined
        ? { containerStatuses: [task] }
        : { initContainerStatuses: [task], containerStatuses: [{ name: "outputs", state: reader }] };
    const metadata = { name: `${job.metadata.name}-x`, labels: job.spec.template.metadata.labels };
    if (this.#hasEnded) for (const each of this.#logs) each.end();
    this.#store("pods", {
      metadata,
      status: { ...status, ...statuses },
    });
  }

  failJob(job: Json, reason: string, message = ""): void {
    const condition = { type: "Failed", status: "True", reason, message };
    this.#store("jobs", { ...job, status: { conditions: [condition] } });
  }

  write(line: string): void {
    this.log.push(line);
    for (const each of this.#logs) each.write(lineAt(this.log.length - 1, line));
  }

  /** Ends all watches and followed logs. */
  disconnectAll(): void {
    for (const { response } of this.#watchers) response.destroy();
    for (const response of this.#logs) response.destroy();
    this.#watchers.clear();
    this.#logs.clear();
  }

  #store(kind: Kind, object: Json): void {
    const { name } = object.metadata;
    const type = this.objects[kind].has(name) ? "MODIFIED" : "ADDED";
    object.metadata.resourceVersion = String(++this.#version);
    this.objects[kind].set(name, object);
    this.#notify(kind, type, object);
  }

  #notify(kind: Kind, type: string, object: Json): void {
    for (const watcher of this.#watchers)
      if (watcher.kind === kind && matches(object, watcher.label))
        watcher.response.write(`${JSON.stringify({ type, object })}\n`);
  }

  async #handleRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = "";
    for await (const piece of request) body += piece;
    const { method = "", url = "", headers } = request;
    const { pathname, searchParams } = new URL(url, "http://api");
    const [, kind = "", name = "", part = ""] =
      /^\/(?:apis\/batch|api)\/v1\/namespaces\/agents\/(\w+)(?:\/([^/]+))?(\/log)?$/.exec(pathname) ?? [];
    this.requests.push(`${method} ${kind}${part}${searchParams.has("watch") ? " watch" : ""}`);
    const send = (status: number, value: object) =>
      void response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
    const refused = (code: number, message: string) =>
      send(code, { kind: "Status", status: "Failure", code, message });
    if (headers.authorization !== "Bearer first") return refused(401, "Unauthorized");
    const [status, message] = this.refuse(method, `${kind}${part}`) ?? [];
    if (status !== undefined) return refused(status, message ?? "");
    const objects = this.objects[kind as Kind];
    const label = searchParams.get("labelSelector") ?? "";
    if (part === "/log" && searchParams.get("container") === "outputs") {
      const text = this.outputs.length > 1 ? this.outputs.shift() : this.outputs[0];
      return void response.writeHead(200).end(text);
    }
    if (part === "/log") return this.#sendLog(response, searchParams.get("sinceTime") ?? "");
    if (searchParams.has("watch")) {
      response.writeHead(200).flushHeaders();
      if (searchParams.get("resourceVersion") !== String(this.#version))
        return void response.end(`${JSON.stringify({ type: "ERROR", object: { code: 410 } })}\n`);
      return void this.#watchers.add({ kind: kind as Kind, response, label });
    }
    if (method === "POST") {
      const object = JSON.parse(body);
      object.metadata.uid = `uid-${object.metadata.name}`;
      this.#store(kind as Kind, object);
      send(201, object);
      if (kind === "jobs" && !object.spec.suspend) this.onJob(object);
      return;
    }
    if (method === "GET" && name === "") {
      const items = [...objects.values()].filter((each) => matches(each, label));
      return send(200, { metadata: { resourceVersion: String(this.#version) }, items });
    }
    const found = objects.get(name);
    if (found === undefined) return refused(404, `${kind} "${name}" not found`);
    if (method === "PATCH") {
      found.spec.suspend = JSON.parse(body).spec.suspend;
      this.#store("jobs", found);
      send(200, found);
      return this.onJob(found);
    }
    objects.delete(name);
    this.#version++;
    this.#notify("jobs", "DELETED", found);
    // Acts as the garbage collector.
    if (JSON.parse(body).propagationPolicy === "Background")
      for (const owned of [this.objects.pods, this.objects.secrets])
        for (const key of owned.keys()) if (key.startsWith(name)) owned.delete(key);
    send(200, { kind: "Status", status: "Success" });
  }

  #sendLog(response: ServerResponse, since: string): void {
    response.writeHead(200).flushHeaders();
    for (const [index, line] of this.log.entries())
      if (timeAt(index) >= since) response.write(lineAt(index, line));
    if (this.#hasEnded) response.end();
    else this.#logs.add(response);
  }
}

function timeAt(index: number): string {
  return `2026-01-01T00:00:00.${String(index).padStart(9, "0")}Z`;
}

function lineAt(index: number, line: string): string {
  return `${timeAt(index)} ${line}\n`;
}

function matches({ metadata }: Json, selector: string): boolean {
  return selector.split(",").every((each) => {
    const [name = "", value] = each.split("=");
    return metadata.labels[name] === value;
  });
}
