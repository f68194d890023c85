/**
 * Signatures of the senders of webhooks, each as its documentation specifies, and the facts in their webhooks.
 *
 * 1. A signature covers the bytes of the body. If the sender also signs a timestamp, it must be recent.
 * 2. The id is the sender's own for this delivery. A sender that retries sends it again, and it takes effect once.
 */
import { createHmac, hash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { isSignedBy, signingHeaders } from "@tutti/host/outgoing";
import { webhookErrors } from "./errors.ts";

export const presetNames = ["standard", "github", "stripe", "shopify", "slack"] as const;
export type PresetName = (typeof presetNames)[number];

/** A request before its signature is checked. */
interface Claimed {
  /** Id of the delivery. Read it only after the signature was checked: it may be in the body. */
  id(): string;
  /** When it was sent, in seconds since 1970, as its header has it. Undefined if the sender signs no time. */
  readonly timestamp: string | undefined;
  isSignedBy(secrets: readonly string[]): boolean;
}

export interface Preset {
  /** Throws `webhook.unsigned` where a header is missing. */
  claim(headers: IncomingHttpHeaders, body: Uint8Array): Claimed;
  /** Name of the event, in the sender's words. Empty if the sender gives none. */
  kindOf(headers: IncomingHttpHeaders, body: unknown): string;
}

const headerMax = 4_096;
const idMax = 256;

const standard: Preset = {
  claim(headers, body) {
    const id = required(headers, signingHeaders.id, idMax);
    const timestamp = required(headers, signingHeaders.timestamp);
    const signature = required(headers, signingHeaders.signature);
    return {
      id: () => id,
      timestamp,
      isSignedBy: (secrets) => isSignedBy(secrets, { id, timestamp, body }, signature),
    };
  },
  kindOf: (_headers, body) => textIn(body, "type"),
};

/** https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries */
const github: Preset = {
  claim(headers, body) {
    const id = required(headers, "x-github-delivery", idMax);
    const signature = required(headers, "x-hub-signature-256");
    return {
      id: () => id,
      timestamp: undefined,
      isSignedBy: (secrets) =>
        secrets.some((secret) => isSame(signature, `sha256=${hmac(secret, [body]).toString("hex")}`)),
    };
  },
  kindOf: (headers) => optional(headers, "x-github-event"),
};

/** https://docs.stripe.com/webhooks#verify-manually */
const stripe: Preset = {
  claim(headers, body) {
    const parts = required(headers, "stripe-signature")
      .split(",")
      .map((part) => part.trim().split("=", 2));
    const timestamp = parts.find(([name]) => name === "t")?.[1] ?? "";
    const signatures = parts.flatMap(([name, value = ""]) => (name === "v1" ? [value] : []));
    return {
      id: () => idIn(body, "id"),
      timestamp,
      isSignedBy: (secrets) =>
        secrets.some((secret) => {
          const expected = hmac(secret, [`${timestamp}.`, body]).toString("hex");
          return signatures.some((signature) => isSame(signature, expected));
        }),
    };
  },
  kindOf: (_headers, body) => textIn(body, "type"),
};

/** https://shopify.dev/docs/apps/build/webhooks/subscribe/https */
const shopify: Preset = {
  claim(headers, body) {
    const id = required(headers, "x-shopify-webhook-id", idMax);
    const signature = required(headers, "x-shopify-hmac-sha256");
    return {
      id: () => id,
      timestamp: undefined,
      isSignedBy: (secrets) =>
        secrets.some((secret) => isSame(signature, hmac(secret, [body]).toString("base64"))),
    };
  },
  kindOf: (headers) => optional(headers, "x-shopify-topic"),
};

/** https://docs.slack.dev/authentication/verifying-requests-from-slack */
const slack: Preset = {
  claim(headers, body) {
    const timestamp = required(headers, "x-slack-request-timestamp");
    const signature = required(headers, "x-slack-signature");
    return {
      id: () => idIn(body, "event_id"),
      timestamp,
      isSignedBy: (secrets) =>
        secrets.some((secret) =>
          isSame(signature, `v0=${hmac(secret, [`v0:${timestamp}:`, body]).toString("hex")}`),
        ),
    };
  },
  kindOf(_headers, body) {
    const { event } = (body ?? {}) as { readonly event?: unknown };
    return textIn(event, "type") || textIn(body, "type");
  },
};

export const presets: Readonly<Record<PresetName, Preset>> = { standard, github, stripe, shopify, slack };

function required(headers: IncomingHttpHeaders, name: string, max = headerMax): string {
  const value = headers[name];
  if (typeof value !== "string" || value === "" || value.length > max)
    throw webhookErrors.unsigned({ missing: name });
  return value;
}

function optional(headers: IncomingHttpHeaders, name: string): string {
  const value = headers[name];
  return typeof value === "string" ? value.slice(0, idMax) : "";
}

/** Returns the id in the body. Without one, the body is its own id. */
function idIn(body: Uint8Array, field: string): string {
  try {
    const id = textIn(JSON.parse(Buffer.from(body).toString("utf8")), field);
    if (id !== "" && id.length <= idMax) return id;
  } catch {
    // Invalid JSON is refused when the body is read as JSON.
  }
  return hash("sha256", body, "base64url");
}

function textIn(body: unknown, field: string): string {
  const value = (body as Readonly<Record<string, unknown>> | null | undefined)?.[field];
  return typeof value === "string" ? value : "";
}

function hmac(secret: string, parts: readonly (string | Uint8Array)[]): Buffer {
  const mac = createHmac("sha256", secret);
  for (const part of parts) mac.update(part);
  return mac.digest();
}

function isSame(actual: string, expected: string): boolean {
  const [one, other] = [Buffer.from(actual), Buffer.from(expected)];
  return one.length === other.length && timingSafeEqual(one, other);
}
