/** Opens the driver of a scaler, if this installation allows it. */
import type { Scaler } from "@tutti/contracts/swarm/v1";
import { urlProblem } from "@tutti/host/outgoing";
import { type Foundation, type IdSource, type TuttiError, unreachable } from "@tutti/kernel";
import type { ScalerPast } from "@tutti/machine-entities/pool";
import { scalingErrors } from "../errors.ts";
import type { ScalingSettings } from "../settings.ts";
import { containerDriver, containerProblem } from "./container/container-driver.ts";
import type { ContainerEngines } from "./container/engines.ts";
import type { AgentWindow, Driver } from "./driver.ts";
import { KubernetesApi } from "./kubernetes/api.ts";
import { kubernetesDriver, kubernetesProblem } from "./kubernetes/kubernetes-driver.ts";
import type { AgentPool } from "./process/environment.ts";
import type { LaunchRecords } from "./process/leftovers.ts";
import { processDriver } from "./process/process-driver.ts";
import { webhookDriver } from "./webhook-driver.ts";

export interface DriverParts {
  readonly scaler: Scaler;
  readonly agentPool: AgentPool;
  readonly agents: AgentWindow;
  readonly records: LaunchRecords;
  readonly foundation: Foundation;
  readonly ids: IdSource;
  readonly settings: ScalingSettings;
  /** The same in all lives of this process. */
  readonly ownerId: string;
  readonly engines: ContainerEngines;
  readonly quarantineAfter: () => number;
  readonly crashes: ScalerPast["crashes"];
  /** Called for each call that was blocked because of its destination. */
  readonly refused: (error: TuttiError, namespace: string) => void;
}

/** Returns the problem of the driver of a scaler here. Undefined if it can be opened. */
export function driverProblem(
  { scalerId, driver }: Pick<Scaler, "scalerId" | "driver">,
  settings: ScalingSettings,
  isLoopback: boolean,
): TuttiError | undefined {
  const { processes, privateWebhooks } = settings;
  if (driver === undefined)
    return scalingErrors.scalerInvalid({ scaler: scalerId, problem: "expected a driver, got none" });
  switch (driver.$case) {
    case "process":
      if (driver.value.command[0] === undefined || driver.value.command[0] === "")
        return scalingErrors.scalerInvalid({
          scaler: scalerId,
          problem: "expected a program in process.command, got none",
        });
      if (processes === "always" || (processes === "loopback" && isLoopback)) return undefined;
      return scalingErrors.processesRefused({ setting: processes });
    case "webhook": {
      const { url } = driver.value;
      const problem = urlProblem(url, privateWebhooks);
      return problem === undefined ? undefined : scalingErrors.webhookRefused({ url, problem });
    }
    case "container":
      return containerProblem(scalerId, driver.value, settings, isLoopback);
    case "kubernetes":
      return kubernetesProblem(scalerId, driver.value, settings);
    default:
      return unreachable(driver, "driver");
  }
}

/** Returns the driver of a valid scaler. */
export function openDriver(parts: DriverParts): Driver | undefined {
  const { scaler, agentPool, agents, records, foundation, ids, settings, quarantineAfter, crashes, refused } =
    parts;
  const { scalerId, driver } = scaler;
  switch (driver?.$case) {
    case "process":
      return processDriver({
        scalerId,
        agentPool,
        agents,
        records,
        foundation,
        ids,
        quarantineAfter,
        crashes,
        joinMs: settings.joinMs,
        settings: driver.value,
      });
    case "container":
      return containerDriver({
        scalerId,
        agentPool,
        agents,
        foundation,
        ids,
        quarantineAfter,
        crashes,
        ownerId: parts.ownerId,
        joinMs: settings.joinMs,
        settings: driver.value,
        allowed: settings.containers,
        engine: parts.engines.at(driver.value.socket || (settings.containers.sockets[0] ?? "")),
      });
    case "kubernetes": {
      const { namespace, pool } = agentPool;
      const api = new KubernetesApi(settings.kubernetes);
      return kubernetesDriver({ namespace, pool, scalerId, settings: driver.value, api, foundation });
    }
    case "webhook": {
      const { namespace, pool } = agentPool;
      const arePrivateAllowed = settings.privateWebhooks;
      return webhookDriver({
        namespace,
        pool,
        scalerId,
        settings: driver.value,
        arePrivateAllowed,
        refused: (error) => refused(error, namespace),
        foundation,
      });
    }
    default:
      return undefined;
  }
}
