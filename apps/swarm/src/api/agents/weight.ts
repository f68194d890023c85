import type { Agent } from "@tutti/contracts/swarm/v1";

/** Returns the approximate bytes of an agent: it may offer a thousand capabilities with schemas. */
export function weightOfAgent({ offering, speeds }: Agent): number {
  let weight = 600 + 64 * speeds.length;
  if (offering === undefined) return weight;
  weight += 64 * (Object.keys(offering.labels).length + offering.contextKeys.length);
  for (const { inputSchema, outputSchema, description } of offering.capabilities)
    weight += 100 + inputSchema.length + outputSchema.length + description.length;
  return weight;
}
