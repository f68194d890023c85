/**
 * Bundles: all that a service needs to decide by itself, signed by governance.
 *
 * 1. With any fault the present bundle stays: an unreadable bundle, one without a trusted signer, and one
 *    that is not newer than the present one are refused, with the reason.
 * 2. A bundle is valid for its age, counted from its creation, or from its arrival if this clock is behind.
 *    After that it decides nothing until another one arrives: an expired bundle denies.
 * 3. Number, time and age are also in the content, so that they cannot be exchanged without notice.
 */
import { Bundle, BundleContent } from "@tutti/contracts/governance/v1";
import { fromTimestamp } from "@tutti/kernel";
import type { Signer } from "../audit/signing.ts";
import type { TrustedKeys } from "../audit/signing-keys.ts";

export function sealed(
  content: BundleContent,
  { signingKeyId, key }: { readonly signingKeyId: string; readonly key: Signer },
): Bundle {
  const { number, createTime, maxAgeMs } = content;
  const bare = { number, createTime, maxAgeMs, content: BundleContent.encode(content).finish() };
  return { ...bare, signature: key.sign("bundle", signedPartOf(bare)), signingKeyId };
}

export type Opened =
  | { readonly kind: "opened"; readonly content: BundleContent }
  | { readonly kind: "refused"; readonly reason: string };

/** Returns the content of a bundle, if a trusted signer signed it. */
export function opened(bundle: Bundle, keys: TrustedKeys): Opened {
  const { number, createTime, maxAgeMs, signature, signingKeyId } = bundle;
  if (createTime === undefined) return refused("it has no creation time");
  const timeMs = fromTimestamp(createTime);
  const fault = keys.fault({ signingKeyId, signature, timeMs }, "bundle", signedPartOf(bundle));
  if (fault !== undefined) return refused(fault);
  const content = contentOf(bundle);
  if (content === undefined) return refused("its content cannot be read");
  const isConsistent =
    content.number === number &&
    content.maxAgeMs === maxAgeMs &&
    content.createTime !== undefined &&
    fromTimestamp(content.createTime) === timeMs;
  if (!isConsistent) return refused("its content is that of another bundle");
  return { kind: "opened", content };
}

export interface BundleInForce {
  readonly content: BundleContent;
  /** From then on it decides nothing. */
  readonly untilMs: number;
}

/** The present bundle of a service. */
export class BundleCache {
  readonly #keys: TrustedKeys;
  #present: BundleInForce | undefined;

  constructor(keys: TrustedKeys) {
    this.#keys = keys;
  }

  /** Undefined before the first. It may be expired. */
  get present(): BundleInForce | undefined {
    return this.#present;
  }

  /** Opens a bundle that may replace the present one, or returns why it may not. */
  open(bundle: Bundle): Opened {
    return this.#olderThan(bundle.number) ?? opened(bundle, this.#keys);
  }

  /** Puts the content of an opened bundle in force, unless a newer one arrived meanwhile. */
  accept(content: BundleContent, nowMs: number): Opened {
    const older = this.#olderThan(content.number);
    if (older !== undefined) return older;
    const { createTime, maxAgeMs } = content;
    const createdMs = createTime === undefined ? nowMs : Math.min(nowMs, fromTimestamp(createTime));
    this.#present = { content, untilMs: createdMs + maxAgeMs };
    return { kind: "opened", content };
  }

  #olderThan(number: number) {
    const present = this.#present?.content.number ?? 0;
    return number > present ? undefined : refused(`expected a bundle after ${present}, got ${number}`);
  }

  /** Returns the bundle that decides now: undefined before the first, or if the last is expired. */
  inForce(nowMs: number): BundleInForce | undefined {
    return this.#present !== undefined && nowMs < this.#present.untilMs ? this.#present : undefined;
  }
}

function contentOf({ content }: Bundle): BundleContent | undefined {
  try {
    return BundleContent.decode(content);
  } catch {
    return;
  }
}

function signedPartOf({
  number,
  createTime,
  maxAgeMs,
  content,
}: Pick<Bundle, "number" | "createTime" | "maxAgeMs" | "content">): Uint8Array {
  const unsigned = { signature: new Uint8Array(0), signingKeyId: "" };
  return Bundle.encode({ number, createTime, maxAgeMs, content, ...unsigned }).finish();
}

function refused(reason: string): Opened & { readonly kind: "refused" } {
  return { kind: "refused", reason };
}
