import type { DeliverRequest, Letter as WireMessage } from "@tutti/contracts/runtime/v1";
import type { Envelope, EnvelopeBatch } from "@tutti/kernel";

/** Bounds of a message in the contract. */
const messagesMax = 4_096;
const partBytesMax = 2 * 1_024 * 1_024;

/** The part of a batch in one request. */
export interface Part {
  readonly envelopes: readonly Envelope[];
  readonly bytes: number;
}

/** Splits a batch into parts that each fit into a message. A too large message is sent alone. */
export function partsOf(envelopes: readonly Envelope[]): readonly Part[] {
  const parts: Part[] = [];
  let from = 0;
  let bytes = 0;
  for (const [index, envelope] of envelopes.entries()) {
    const size = sizeOf(envelope);
    if (index > from && (index - from === messagesMax || bytes + size > partBytesMax)) {
      parts.push({ envelopes: envelopes.slice(from, index), bytes });
      from = index;
      bytes = 0;
    }
    bytes += size;
  }
  parts.push({ envelopes: from === 0 ? envelopes : envelopes.slice(from), bytes });
  return parts;
}

/** Estimates the size, with an upward bias. */
function sizeOf({ payload, sender, receiver, type }: Envelope): number {
  return payload.length + sender.length + receiver.length + type.length + 200;
}

export interface Address {
  readonly partition: number;
  readonly fromService: string;
  readonly fromPartition: number;
}

export function requestOf(address: Address, batch: number, { envelopes }: Part): DeliverRequest {
  // The kernel's messages and the contract's are the same.
  const wire: WireMessage[] = envelopes.map((envelope) => ({ ...envelope }));
  return { ...address, batch, letters: wire };
}

export function batchOf({ fromService, fromPartition, letters }: DeliverRequest): EnvelopeBatch {
  return { service: fromService, partition: fromPartition, envelopes: letters };
}
