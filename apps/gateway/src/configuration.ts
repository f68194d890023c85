import { defineSection, secret } from "@tutti/kernel";
import * as z from "zod";
import { issuersSchema } from "./access/issuers/settings.ts";
import { webhooksSchema } from "./webhooks/settings.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** The path of the public part of `agentCardKey`. The signature of a card names it. */
export const cardKeysPath = "/.well-known/agent-card-keys.json";

export const gatewaySection = defineSection({
  scope: "integration",
  name: "gateway",
  description: "The gateway: REST, event streams and the dashboard, on the port of the operations endpoints.",
  schema: z.object({
    enabled: z
      .boolean()
      .default(true)
      .describe("Enables the gateway. If false, the port serves only the operations endpoints."),
    key: secret()
      .optional()
      .describe(
        "The key for callers on other machines. Required if `operations.host` is not a loopback address.",
      ),
    agentCardKey: secret()
      .optional()
      .describe(
        "An Ed25519 private key in PEM that signs agent cards. Without a key, agent cards have no signature.",
      ),
    privatePushUrls: z
      .boolean()
      .default(false)
      .describe(
        "Allows push notifications of A2A tasks to private networks and without https. Their URLs come from clients.",
      ),
    bodyBytesMax: z
      .int()
      .min(1_024)
      .max(67_108_864)
      .default(4_194_304)
      .describe("Maximum size of a request body in bytes."),
    callMs: z.int().min(1).default(30_000).describe("Default timeout of a request."),
    linkMs: z.int().min(1_000).max(dayMs).default(hourMs).describe("Lifetime of a one-time sign-in link."),
    signInMs: z
      .int()
      .min(1_000)
      .max(365 * dayMs)
      .default(30 * dayMs)
      .describe("Lifetime of a browser session."),
    secureCookie: z
      .boolean()
      .default(false)
      .describe("Restricts the sign-in cookie to TLS. Set this behind a proxy that terminates TLS."),
    url: z
      .union([z.literal(""), z.string().regex(/^https?:\/\/[^\s/?#]+(\/[^\s?#]*)?$/)])
      .default("")
      .meta({ title: "url" })
      .describe(
        "The public URL of the dashboard, such as `https://tutti.example`. Issuers redirect to it. Empty: the URL of the request. This works only on loopback addresses.",
      ),
    signIn: issuersSchema,
    webhooks: webhooksSchema,
    page: z
      .string()
      .default("")
      .describe("The directory of the built dashboard. Empty: the dashboard of this installation."),
    docs: z
      .string()
      .default("")
      .describe(
        "The directory of the built documentation, served at `/docs`. Empty: the documentation of this installation.",
      ),
  }),
});

export type GatewaySettings = ReturnType<(typeof gatewaySection)["schema"]["parse"]>;
