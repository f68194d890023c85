/** Plans stand outside of records: which ones have to be at hand to read them. */
import { RunOrder } from "@tutti/contracts/workflow/v1";

type Named = Pick<RunOrder, "hash"> | undefined;

/** None for an order that brought its plan along. */
export function planNeededBy(order: Named): Uint8Array[] {
  return order === undefined || order.hash === "" ? [] : [Buffer.from(order.hash, "hex")];
}

/** The order is the first field of a snapshot: the rest, which may be large, is not read for this. */
export function planNeededBySnapshot(bytes: Uint8Array): Uint8Array[] {
  const orderTag = 0x0a;
  if (bytes[0] !== orderTag) return [];
  let length = 0;
  let at = 1;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++] ?? 0;
    length += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) break;
  }
  return planNeededBy(RunOrder.decode(bytes.subarray(at, at + length)));
}
