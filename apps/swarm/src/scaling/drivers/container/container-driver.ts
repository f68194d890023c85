/**
 * Agents as containers of a machine. Running containers are taken over when this process restarts, with their
 * work. Containers that differ from the present settings are asked to end, and are replaced.
 */

import type { ContainerDriver } from "@tutti/contracts/swarm/v1";
import { matchesWildcard, type TuttiError } from "@tutti/kernel";
import { scalingErrors } from "../../errors.ts";
import type { ScalingSettings } from "../../settings.ts";
import { BerthDriver, type BerthDriverParts } from "../berths/berth-driver.ts";
import { stopDefaultMs } from "../process/process-driver.ts";
import { Containers, type ContainersParts } from "./containers.ts";

export type ContainerDriverParts = ContainersParts &
  Omit<BerthDriverParts, "kind" | "programs" | "stopMs" | "earlier">;

export function containerDriver(parts: ContainerDriverParts): BerthDriver {
  const programs = new Containers(parts);
  return new BerthDriver({
    ...parts,
    kind: "container",
    programs,
    stopMs: parts.settings.stopMs || stopDefaultMs,
    earlier: (isNeeded) => programs.earlier(isNeeded),
  });
}

const limitNames = ["cpu", "memory_bytes"];

/** Returns the problem of container settings: impossible, or not allowed in this installation. */
export function containerProblem(
  scaler: string,
  { image, socket, limits }: Pick<ContainerDriver, "image" | "socket" | "limits">,
  { containers: { sockets, images, network }, address }: Pick<ScalingSettings, "containers" | "address">,
  isLoopback: boolean,
): TuttiError | undefined {
  const invalid = (problem: string) => scalingErrors.scalerInvalid({ scaler, problem });
  if (!/^[\w.][\w./:@-]*$/.test(image))
    return invalid(`expected an image such as registry.example.com/agents/crew:3, got \`${image}\``);
  for (const [name, amount] of Object.entries(limits)) {
    if (!limitNames.includes(name))
      return invalid(`expected limits of ${limitNames.join(" and ")}, got one of ${name}`);
    if (!(amount > 0)) return invalid(`expected a limit of ${name} above 0, got ${amount}`);
  }
  if (sockets.length === 0)
    return scalingErrors.containersRefused({
      problem: "scalers may use no socket",
      remedy: "Add one to `swarm.scaling.containers.sockets`, or use a webhook.",
    });
  if (socket !== "" && !sockets.includes(socket))
    return scalingErrors.containersRefused({
      problem: `the socket ${socket} is not allowed`,
      remedy: `Use one of \`swarm.scaling.containers.sockets\`: ${sockets.join(", ")}.`,
    });
  if (!images.some((pattern) => matchesWildcard(pattern, image)))
    return scalingErrors.containersRefused({
      problem: `the image ${image} is not allowed`,
      remedy: `Use one of \`swarm.scaling.containers.images\`: ${images.join(", ")}.`,
    });
  if (isLoopback && address === "" && network !== "host")
    return scalingErrors.containersRefused({
      problem: "it would not reach 127.0.0.1 of this machine",
      remedy:
        "Set `swarm.scaling.containers.network` to host, or `swarm.scaling.address` to an address that it reaches.",
    });
  return undefined;
}
