import { type ErrorDetail, RetryClass as WireRetry } from "@tutti/contracts/types/v1";
import { notOwnerCode } from "./not-owner.ts";
import { type ErrorRecord, errorOfRecord, recordOf } from "./record.ts";
import { isStatus } from "./status.ts";
import type { RetryClass, TuttiError } from "./tutti-error.ts";

/** Returns an error in the contracts' form, for replies and events that carry one. */
export function toErrorDetail(error: TuttiError): ErrorDetail {
  return detailOfRecord(recordOf(error));
}

/**
 * Returns the error that a peer sent. Missing fields and unknown values of a newer or foreign peer get a harmless
 * default.
 */
export function fromErrorDetail(detail: ErrorDetail): TuttiError {
  return errorOfRecord(recordOfDetail(detail));
}

export function detailOfRecord(record: ErrorRecord): ErrorDetail {
  return {
    code: record.code,
    message: record.message,
    retry: wireOfRetry[record.retry],
    retryAfterMs: record.retryAfterMs,
    violations: record.violations.map(({ field, message }) => ({ field, message })),
    details: { ...record.details },
    cause: record.cause && detailOfRecord(record.cause),
    notOwner: notOwnerOfRecord(record),
    status: record.status,
  };
}

export function recordOfDetail(detail: ErrorDetail): ErrorRecord {
  return {
    code: detail.code,
    message: detail.message,
    status: isStatus(detail.status) ? detail.status : "UNKNOWN",
    retry: retryOfWire.get(detail.retry) ?? "never",
    retryAfterMs: detail.retryAfterMs,
    violations: detail.violations,
    details: { ...detailsOfNotOwner(detail), ...detail.details },
    cause: detail.cause && recordOfDetail(detail.cause),
  };
}

const wireOfRetry = {
  never: WireRetry.RETRY_CLASS_NEVER,
  "same-key": WireRetry.RETRY_CLASS_SAME_KEY,
  elsewhere: WireRetry.RETRY_CLASS_ELSEWHERE,
} as const satisfies Record<RetryClass, WireRetry>;

const retryOfWire = new Map<WireRetry, RetryClass>([
  [WireRetry.RETRY_CLASS_NEVER, "never"],
  [WireRetry.RETRY_CLASS_SAME_KEY, "same-key"],
  [WireRetry.RETRY_CLASS_ELSEWHERE, "elsewhere"],
]);

// The typed field is for readers of the contract. Our side reads the same values from the details.
function notOwnerOfRecord({ code, details }: ErrorRecord): ErrorDetail["notOwner"] {
  const { place, instance, address, epoch } = details;
  if (code !== notOwnerCode || place === undefined) return undefined;
  const number = Number(epoch);
  const known = Number.isSafeInteger(number) && number >= 0;
  return { place, instance: instance ?? "", address: address ?? "", epoch: known ? number : 0 };
}

function detailsOfNotOwner({ code, notOwner, details }: ErrorDetail): Record<string, string> {
  if (code !== notOwnerCode || notOwner === undefined || details["place"] !== undefined) return {};
  const { place, instance, address, epoch } = notOwner;
  return instance === "" ? { place } : { place, instance, address, epoch: String(epoch) };
}
