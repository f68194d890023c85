/**
 * A Kubernetes workload with as many replicas as wanted agents. Kubernetes chooses the pods that go. Such a
 * pod gets SIGTERM, and finishes its work in its grace period.
 *
 * 1. A workload is scaled only if its annotation names this scaler: a caller of this platform may name any
 *    workload, and its owners must agree.
 * 2. Nothing is set if the workload has changed since it was read: the change is read first.
 */
import type { KubernetesDriver, KubernetesDriver as KubernetesSettings } from "@tutti/contracts/swarm/v1";
import type { Foundation, TuttiError } from "@tutti/kernel";
import { scalingErrors } from "../../errors.ts";
import type { ScalingSettings } from "../../settings.ts";
import { LevelDriver, type LevelReply } from "../level-driver.ts";
import type { KubernetesApi, Workload, WorkloadRef } from "./api.ts";

export interface KubernetesDriverParts {
  readonly namespace: string;
  readonly pool: string;
  readonly scalerId: string;
  readonly settings: KubernetesSettings;
  readonly api: KubernetesApi;
  readonly foundation: Foundation;
}

const workloadAnnotation = "tutti.dev/scaler";

const conflictsMax = 5;
/** Interval of reads while pods start, and otherwise. */
const pollMs = { starting: 2_000, steady: 15_000 };

export function kubernetesDriver(parts: KubernetesDriverParts): LevelDriver {
  const { scalerId, foundation } = parts;
  return new LevelDriver({
    kind: "kubernetes",
    scalerId,
    foundation,
    send: ({ count }, signal) => scale(parts, count, signal),
  });
}

async function scale(parts: KubernetesDriverParts, count: number, signal: AbortSignal): Promise<LevelReply> {
  const { api, settings } = parts;
  const workload: WorkloadRef = {
    kind: settings.kind === "StatefulSet" ? "StatefulSet" : "Deployment",
    name: settings.name,
    namespace: settings.clusterNamespace || (await api.ownNamespace()),
  };
  for (let conflicts = 0; conflicts < conflictsMax; conflicts++) {
    const found = await api.workload(workload, signal);
    requireOwned(parts, workload, found);
    if (found.replicas === count) return replyFor(workload, found, count);
    if (await api.setReplicas(workload, count, found.version, signal)) {
      const starting = Math.max(0, count - found.ready);
      return { starting, repeatAfterMs: pollMs.starting };
    }
  }
  throw scalingErrors.kubernetesRefused({
    what: `replicas of ${workload.kind} ${workload.name}`,
    reason: `another client changed them ${conflictsMax} times`,
    remedy: "Remove other controllers that set its replicas, such as a HorizontalPodAutoscaler.",
  });
}

function replyFor(workload: WorkloadRef, { ready, trouble }: Workload, requested: number): LevelReply {
  const starting = Math.max(0, requested - ready);
  if (starting === 0) return { starting, repeatAfterMs: pollMs.steady };
  const { kind, name, namespace } = workload;
  const error =
    trouble === undefined
      ? undefined
      : scalingErrors.workloadTroubled({
          workload: `${kind} ${name} in ${namespace}`,
          ready,
          wanted: requested,
          trouble,
        });
  return { starting, repeatAfterMs: pollMs.starting, error };
}

function requireOwned(
  { namespace: own, pool, scalerId }: KubernetesDriverParts,
  { kind, name, namespace }: WorkloadRef,
  found: Workload | undefined,
): asserts found is Workload {
  const workload = `${kind} ${name} in ${namespace}`;
  const expected = `${own}/${pool}/${scalerId}`;
  const remedy = `Assign it: kubectl --namespace ${namespace} annotate ${kind.toLowerCase()} ${name} ${workloadAnnotation}=${expected}`;
  const owner = found?.annotations[workloadAnnotation];
  if (owner === expected) return;
  const reason =
    found === undefined
      ? "it does not exist"
      : owner === undefined
        ? `the annotation ${workloadAnnotation} is missing`
        : `it belongs to ${owner}`;
  throw scalingErrors.workloadNotGiven({
    workload,
    reason,
    remedy: found === undefined ? "Create it, or correct the scaler." : remedy,
  });
}

const kinds = ["Deployment", "StatefulSet"];
const name = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;

/** Returns the problem of workload settings: impossible, or not allowed in this installation. */
export function kubernetesProblem(
  scaler: string,
  { kind, name: workload, clusterNamespace }: KubernetesDriver,
  { kubernetes }: Pick<ScalingSettings, "kubernetes">,
): TuttiError | undefined {
  const invalid = (problem: string) => scalingErrors.scalerInvalid({ scaler, problem });
  if (!kinds.includes(kind)) return invalid(`expected a ${kinds.join(" or a ")}, got the kind ${kind}`);
  if (!name.test(workload))
    return invalid(`expected the name of a ${kind} in Kubernetes, got \`${workload}\``);
  if (clusterNamespace !== "" && !name.test(clusterNamespace))
    return invalid(`expected a namespace of Kubernetes, got \`${clusterNamespace}\``);
  return kubernetes.enabled ? undefined : scalingErrors.kubernetesDisabled();
}
