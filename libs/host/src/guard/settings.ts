import { defineSection, secret } from "@tutti/kernel";
import { securedAddress } from "@tutti/policy";
import * as z from "zod";

const hourMs = 3_600_000;
/** Algorithms with a private key that only the signer has. */
const signingAlgorithms = [
  ...(["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"] as const),
] as const;

/** Settings for access to this process, and for its limits. */
export const accessSection = defineSection({
  scope: "integration",
  name: "access",
  description: "Authentication and limits of callers. Policies and roles decide their rights.",
  schema: z.strictObject({
    enforce: z
      .boolean()
      .default(true)
      .describe(
        "Enforces keys, tokens, roles and policies. If false, every caller that reaches a port is an administrator.",
      ),
    installation: z
      .string()
      .min(1)
      .max(200)
      .default("tutti")
      .describe(
        "Name of the installation whose tokens are accepted. Use the value of `governance.installation`.",
      ),
    trustedKey: z
      .union([z.literal(""), z.string().regex(/^[A-Za-z0-9_.-]+:[A-Za-z0-9_-]{43}$/)])
      .default("")
      .meta({ title: "id:key" })
      .describe(
        "The key that verifies policy bundles: its id, a colon, and the public key in base64url. Empty: the key in `keys` of the data directory.",
      ),
    issuers: z
      .record(
        z.string().min(1).max(500),
        z.strictObject({
          keys: z.string().regex(securedAddress).optional(),
          audiences: z.array(z.string().min(1)).min(1),
          idPrefix: z.string().min(1).max(100),
          idClaim: z.string().min(1).default("sub"),
          groupsClaim: z.string().min(1).default("groups"),
          algorithms: z.array(z.enum(signingAlgorithms)).min(1).default(["RS256", "PS256", "ES256", "EdDSA"]),
        }),
      )
      .default({})
      .describe(
        "Other OIDC issuers whose tokens are accepted, by their issuer name (`iss`). `keys`: the https address of the JWKS. Default: the address in `/.well-known/openid-configuration` of the issuer. `audiences`: the accepted values of `aud`. `idPrefix`: a prefix of user ids, so that the ids of two issuers never collide. `idClaim`, `groupsClaim`: the claims with the id and the groups of the user. Default: `sub` and `groups`. `algorithms`: the accepted signature algorithms.",
      ),
    privateIssuers: z
      .boolean()
      .default(false)
      .describe(
        "Allows fetching the keys of other issuers from private networks, checked by the resolved addresses. A literal loopback address is always allowed.",
      ),
    skewMs: z
      .int()
      .min(0)
      .max(300_000)
      .default(30_000)
      .describe("Maximum clock skew between this process and the issuers of tokens."),
    serviceKey: secret()
      .optional()
      .describe(
        "Shared secret for calls between services of this installation without certificates: at least 32 characters, the same for all services.",
      ),
    callsPerSec: z
      .number()
      .min(0)
      .default(0)
      .describe("Default rate limit of each caller with a key or token, in calls per second. 0: no limit."),
    callsBurst: z.int().min(0).default(0).describe("Burst of this rate limit. 0: the calls of one second."),
    concurrentMax: z
      .int()
      .min(0)
      .default(0)
      .describe("Maximum number of concurrent calls of such a caller. 0: no limit."),
    streamsMax: z
      .int()
      .min(0)
      .default(0)
      .describe("Maximum number of open streams of such a caller. 0: no limit."),
    requestBytesMax: z
      .int()
      .min(0)
      .default(0)
      .describe(
        "Maximum size in bytes of a request of such a caller, or of a message of a stream. 0: only the limits for all callers (`mesh.limits.messageBytes`, `gateway.bodyBytesMax`).",
      ),
    failuresBeforeLockout: z
      .int()
      .min(1)
      .default(20)
      .describe(
        "Failed authentication attempts from one address with one key prefix or account before a lock-out. Valid credentials still work.",
      ),
    lockoutMs: z
      .int()
      .min(1)
      .max(hourMs)
      .default(10_000)
      .describe("Duration of the first lock-out. Each further failure doubles it, up to an hour."),
    reportMs: z
      .int()
      .min(1)
      .default(2_000)
      .describe(
        "How long decisions, refusals and uses of credentials are collected before they are sent to governance to be recorded.",
      ),
  }),
});

export type AccessSettings = ReturnType<(typeof accessSection)["schema"]["parse"]>;
