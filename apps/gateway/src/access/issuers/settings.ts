import { secret } from "@tutti/kernel";
import * as z from "zod";

const hourMs = 3_600_000;

/** How people sign in to the page by an account that they have elsewhere. */
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
    "By whom people sign in to the page (OIDC, authorization code with PKCE), by the names that `access.issuers` has them under: `title`, what the button says; `clientId` and `clientSecret`, as the issuer knows this installation; `scopes` besides `openid`; `lastsMs`, how long a sign-in is good before the issuer is asked again (12 h). The issuer sends people back to `/sign-in/back`.",
  );

export type SignInIssuer = z.infer<typeof issuersSchema>[string];
