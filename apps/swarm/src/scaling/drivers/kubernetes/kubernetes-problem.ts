/** What is wrong with a workload before it is kept: what cannot be, and what this installation does not allow. */
import type { KubernetesDriver } from "@tutti/contracts/swarm/v1";
import type { TuttiError } from "@tutti/kernel";
import { scalingErrors } from "../../errors.ts";
import type { ScalingSettings } from "../../settings.ts";

const kinds = ["Deployment", "StatefulSet"];
const name = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;

export function kubernetesProblem(
  scaler: string,
  { kind, name: workload, clusterNamespace }: KubernetesDriver,
  { kubernetes }: Pick<ScalingSettings, "kubernetes">,
): TuttiError | undefined {
  const invalid = (problem: string) => scalingErrors.scalerInvalid({ scaler, problem });
  if (!kinds.includes(kind)) return invalid(`expected a ${kinds.join(" or a ")}, found the kind ${kind}`);
  if (!name.test(workload))
    return invalid(`expected the name of a ${kind} in Kubernetes, found \`${workload}\``);
  if (clusterNamespace !== "" && !name.test(clusterNamespace))
    return invalid(`expected a namespace of Kubernetes, found \`${clusterNamespace}\``);
  return kubernetes.enabled ? undefined : scalingErrors.kubernetesDisabled();
}
