/**
 * The API of Kubernetes, as the service account of this pod: only the part that sets replicas. Token and
 * authority are read for each call, since both are renewed while a pod runs.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { scalingErrors } from "../../errors.ts";
import type { ScalingSettings } from "../../settings.ts";
import { type Answer, type Exchange, exchange, jsonIn, messageIn, reasonOf } from "../exchange.ts";

export interface WorkloadRef {
  readonly kind: "Deployment" | "StatefulSet";
  readonly name: string;
  /** The namespace of Kubernetes. */
  readonly namespace: string;
}

export interface Workload {
  readonly replicas: number;
  readonly ready: number;
  readonly version: string;
  readonly annotations: Readonly<Record<string, string>>;
  /** The reason of missing pods, in the words of Kubernetes. */
  readonly trouble: string | undefined;
}

interface WorkloadResource {
  readonly metadata: { readonly resourceVersion: string; readonly annotations?: Record<string, string> };
  readonly spec: { readonly replicas?: number };
  readonly status?: {
    readonly readyReplicas?: number;
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly message?: string;
    }[];
  };
}

const resources = { Deployment: "deployments", StatefulSet: "statefulsets" } as const;

export class KubernetesApi {
  readonly #settings: ScalingSettings["kubernetes"];

  constructor(settings: ScalingSettings["kubernetes"]) {
    this.#settings = settings;
  }

  /** Returns the namespace of this pod. */
  async ownNamespace(): Promise<string> {
    return (await this.#credential("namespace")).trim();
  }

  /** Returns undefined if it does not exist. */
  async workload(of: WorkloadRef, signal: AbortSignal): Promise<Workload | undefined> {
    const answer = await this.#call("GET", of, "", signal);
    if (answer.status === 404) return undefined;
    const { metadata, spec, status = {} } = jsonIn(requireOk(answer, "get", of, "")) as WorkloadResource;
    return {
      replicas: spec.replicas ?? 1,
      ready: status.readyReplicas ?? 0,
      version: metadata.resourceVersion,
      annotations: metadata.annotations ?? {},
      trouble: status.conditions?.find(isTrouble)?.message,
    };
  }

  /** Sets the replicas. Returns false if another process has changed the workload since that version. */
  async setReplicas(
    of: WorkloadRef,
    replicas: number,
    version: string,
    signal: AbortSignal,
  ): Promise<boolean> {
    const value = { metadata: { resourceVersion: version }, spec: { replicas } };
    const answer = await this.#call("PATCH", of, "/scale", signal, value);
    if (answer.status === 409) return false;
    requireOk(answer, "patch", of, "/scale");
    return true;
  }

  async #call(
    method: Exchange["method"],
    { kind, namespace, name }: WorkloadRef,
    part: string,
    signal: AbortSignal,
    value?: unknown,
  ): Promise<Answer> {
    const url = this.#settings.server || serverHere();
    const path = `/apis/apps/v1/namespaces/${namespace}/${resources[kind]}/${name}${part}`;
    const [token, ca] = await Promise.all([this.#credential("token"), this.#credential("ca.crt")]);
    const headers = { authorization: `Bearer ${token.trim()}`, accept: "application/json" };
    const body = value === undefined ? {} : { body: { type: "application/merge-patch+json", value } };
    try {
      return await exchange({ method, to: { url, ca }, path, headers, ...body, signal });
    } catch (thrown) {
      throw scalingErrors.kubernetesSilent({ server: url, reason: reasonOf(signal, thrown) });
    }
  }

  #credential(name: string): Promise<string> {
    const file = join(this.#settings.credentials, name);
    return readFile(file, "utf8").catch((error: Error) => {
      throw scalingErrors.kubernetesRefused({
        what: "service account",
        reason: `${file} cannot be read: ${error.message}`,
        remedy: "Give the pods of swarm the token of a service account.",
      });
    });
  }
}

/** Returns the address of the API inside a pod. */
function serverHere(): string {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = "443" } = process.env;
  if (host === undefined || host === "") return "https://kubernetes.default.svc";
  return `https://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function isTrouble({ type, status }: { readonly type: string; readonly status: string }): boolean {
  return (type === "ReplicaFailure" && status === "True") || (type === "Progressing" && status === "False");
}

function requireOk(
  answer: Answer,
  verb: string,
  { kind, namespace, name }: WorkloadRef,
  part: string,
): Answer {
  if (answer.status < 400) return answer;
  const reason = messageIn(answer);
  const resource = `${resources[kind]}${part}`;
  const operation = `${verb} ${resource} ${name} in ${namespace}`;
  if (answer.status === 401)
    throw scalingErrors.kubernetesRefused({
      what: operation,
      reason,
      remedy: "Check the service account of swarm: Kubernetes does not accept its token.",
    });
  if (answer.status === 403)
    throw scalingErrors.kubernetesRefused({
      what: operation,
      reason,
      remedy: `Give the service account of swarm a Role in ${namespace} with {apiGroups: [apps], resources: [${resource}], verbs: [${verb}]}.`,
    });
  throw scalingErrors.kubernetesRefused({
    what: operation,
    reason,
    remedy: "Correct the cause that Kubernetes reports.",
  });
}
