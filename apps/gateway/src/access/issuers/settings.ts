import { secret } from "@tutti/kernel";
import * as z from "zod";

const hourMs = 3_600_000;

/** Sign-in to the dashboard with an external account. */
export const issuersSchema = z
  .record(
    z.string().min(1).max(500),
    z.strictObject({
      title: z.string().min(1).max(100),
      clientId: z.string().min(1),
      clientSecret: secret().optional(),
      scopes: z.array(z.string().min(1)).default(["profile"]),
      lastsMs: z
        .int()
        .min(60_000)
        .default(12 * hourMs),
    }),
  )
  .default({})
  .describe(
    "OIDC issuers for signing in to the dashboard (authorization code with PKCE), by their name in `access.issuers`. `title`: the text of the button. `clientId`, `clientSecret`: the registration of this installation at the issuer. `scopes`: scopes in addition to `openid`. `lastsMs`: how long a sign-in is valid before the issuer is asked again (12 h). The redirect path is `/sign-in/back`.",
  );

export type SignInIssuer = z.infer<typeof issuersSchema>[string];
