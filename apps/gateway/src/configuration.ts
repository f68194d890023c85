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
      .describe("Whether there is one. Without it the port has the operations endpoints alone."),
    key: secret()
      .optional()
      .describe("The key of callers on other machines. Required if operations.host is no loopback address."),
    agentCardKey: secret()
      .optional()
      .describe(
        "A private key of Ed25519 in PEM that agent cards are signed with. Without it, cards have no signature.",
      ),
    privatePushUrls: z
      .boolean()
      .default(false)
      .describe(
        "Whether push notifications of A2A tasks may lead into private networks, and need no https. Their URLs come from clients.",
      ),
    bodyBytesMax: z
      .int()
      .min(1_024)
      .max(67_108_864)
      .default(4_194_304)
      .describe("Greatest size of the body of a request."),
    callMs: z.int().min(1).default(30_000).describe("Time for a request that names none."),
    linkMs: z
      .int()
      .min(1_000)
      .max(dayMs)
      .default(hourMs)
      .describe("How long a one-time link for signing in is good."),
    signInMs: z
      .int()
      .min(1_000)
      .max(365 * dayMs)
      .default(30 * dayMs)
      .describe("How long a browser stays signed in."),
    secureCookie: z
      .boolean()
      .default(false)
      .describe("Whether browsers may send the sign-in over TLS only: behind a proxy that speaks it."),
    url: z
      .union([z.literal(""), z.string().regex(/^https?:\/\/[^\s/?#]+(\/[^\s?#]*)?$/)])
      .default("")
      .meta({ title: "url" })
      .describe(
        "Where people open the page, such as `https://tutti.example`: issuers send them back there. Empty means wherever a request came to, on a loopback address alone.",
      ),
    signIn: issuersSchema,
    webhooks: webhooksSchema,
    page: z
      .string()
      .default("")
      .describe("The directory of the built page. Empty: the one of this installation."),
    docs: z
      .string()
      .default("")
      .describe(
        "The directory of the built documentation, served at `/docs`. Empty means the one of this installation.",
      ),
  }),
});

export type GatewaySettings = ReturnType<(typeof gatewaySection)["schema"]["parse"]>;
