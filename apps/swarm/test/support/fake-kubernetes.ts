/**
 * The part of the Kubernetes API that scalers use: workloads with versions, rights by verb and resource, and
 * renewed tokens. Pods become ready on request of a test.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createDevelopmentCertificates } from "@tutti/mesh";

interface Workload {
  replicas: number;
  ready: number;
  version: number;
  annotations: Record<string, string>;
  conditions: { type: string; status: string; message: string }[];
}

export class FakeKubernetes {
  /** By resource, namespace and name: `deployments/agents/crew`. */
  readonly workloads = new Map<string, Workload>();
  /** As `verb resource`. */
  readonly rights = new Set(["get deployments", "patch deployments/scale", "get statefulsets"]);
  readonly requests: string[] = [];
  /** Called before a change is made: another client may be quicker. */
  beforePatch: (workload: Workload) => void = () => {};
  #token = "";
  #server: Server | undefined;
  #folder = "";

  static async start(folder: string): Promise<FakeKubernetes> {
    const api = new FakeKubernetes();
    const certificates = join(folder, "certificates");
    await createDevelopmentCertificates({ directory: certificates, services: ["kubernetes"], rotate: false });
    const [cert, key, ca] = await Promise.all(
      ["kubernetes.crt", "kubernetes.key", "ca.crt"].map((file) => readFile(join(certificates, file))),
    );
    api.#folder = join(folder, "serviceaccount");
    await mkdir(api.#folder);
    await writeFile(join(api.#folder, "ca.crt"), ca ?? "");
    await writeFile(join(api.#folder, "namespace"), "agents");
    await api.renewToken("first");
    const server = createServer(
      { cert, key },
      (request, response) => void api.#handleRequest(request, response),
    );
    api.#server = server;
    await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
    return api;
  }

  /** The settings of scalers that use it. */
  get settings() {
    const address = this.#server?.address() as AddressInfo | undefined;
    return { enabled: true, server: `https://127.0.0.1:${address?.port ?? 0}`, credentials: this.#folder };
  }

  async renewToken(token: string): Promise<void> {
    await writeFile(join(this.#folder, "token"), `${token}\n`);
    this.#token = token;
  }

  /** @param scaler value of its annotation */
  addWorkload(path: string, scaler?: string): Workload {
    const annotations: Record<string, string> = scaler === undefined ? {} : { "tutti.dev/scaler": scaler };
    const workload: Workload = { replicas: 0, ready: 0, version: 1, annotations, conditions: [] };
    this.workloads.set(path, workload);
    return workload;
  }

  async close(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise<void>((resolve) => void this.#server?.close(() => resolve()));
  }

  async #handleRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = "";
    for await (const piece of request) body += piece;
    const [status, value] = this.#decide(request, body);
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
  }

  #decide({ method = "", url = "", headers }: IncomingMessage, body: string): [number, object] {
    if (headers.authorization !== `Bearer ${this.#token}`) return refused(401, "Unauthorized");
    const [, namespace, resource, name, part = ""] =
      /^\/apis\/apps\/v1\/namespaces\/([^/]+)\/([^/]+)\/([^/]+)(\/scale)?$/.exec(url) ?? [];
    const verb = method === "GET" ? "get" : "patch";
    this.requests.push(`${verb} ${resource}${part} ${namespace}/${name}`);
    if (!this.rights.has(`${verb} ${resource}${part}`))
      return refused(403, `User "swarm" cannot ${verb} resource "${resource}${part}"`);
    const workload = this.workloads.get(`${resource}/${namespace}/${name}`);
    if (workload === undefined) return refused(404, `${resource} "${name}" not found`);
    if (verb === "patch") {
      if (headers["content-type"] !== "application/merge-patch+json") return refused(415, "Unsupported");
      this.beforePatch(workload);
      const patch = JSON.parse(body) as {
        metadata: { resourceVersion: string };
        spec: { replicas: number };
      };
      if (patch.metadata.resourceVersion !== String(workload.version))
        return refused(409, "the object has been modified");
      workload.version++;
      workload.replicas = patch.spec.replicas;
    }
    const { replicas, ready, version, annotations, conditions } = workload;
    return [
      200,
      {
        metadata: { name, namespace, resourceVersion: String(version), annotations },
        spec: { replicas },
        status: { readyReplicas: ready, conditions },
      },
    ];
  }
}

function refused(code: number, message: string): [number, object] {
  return [code, { kind: "Status", status: "Failure", code, message }];
}
