/** Every rpc in the descriptions of the contracts, so that tests over all rpcs need no list of their own. */
import { readdirSync } from "node:fs";
import type { RpcDescription, ServiceDescription } from "@tutti/contracts/rpc";

/** Read from the contracts, so that new ones are covered without a change here. */
const areas: readonly Readonly<Record<string, unknown>>[] = await Promise.all(
  readdirSync(new URL("../../../../proto/tutti", import.meta.url)).map(
    (area) => import(`@tutti/contracts/${area}/v1`),
  ),
);

function isDescription(value: unknown): value is ServiceDescription {
  return typeof value === "object" && value !== null && "methods" in value && "area" in value;
}

export const rpcs: readonly (readonly [string, RpcDescription<unknown, unknown>])[] = areas
  .flatMap((area) => Object.values(area).filter(isDescription))
  .flatMap(({ name, methods }) =>
    Object.values(methods).map((rpc) => [`${name.split(".").at(-1)}.${rpc.name}`, rpc] as const),
  );

/** Returns the tested service, if several services host a contract. */
export const hostOf = (path: string): string =>
  /RuntimeService/.test(path) ? "workflow" : /AgentLink|AgentPoll/.test(path) ? "swarm" : "";
