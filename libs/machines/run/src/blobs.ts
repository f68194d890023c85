import type { RunOrder } from "@tutti/contracts/workflow/v1";
import { blobsOf } from "@tutti/machine-work";

/**
 * What a run is started with. The plan of a definition is not among it: runs by the thousand share it, and the definition
 * names it once. A template that was filled in has a plan that nobody else names.
 */
export function blobsOfOrder(order: RunOrder | undefined): readonly Uint8Array[] {
  const input = blobsOf(order?.inputPayload);
  if (order === undefined || order.hash === "" || order.parameters.length === 0) return input;
  return [Buffer.from(order.hash, "hex"), ...input];
}
