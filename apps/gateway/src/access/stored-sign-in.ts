/** The stored form of a sign-in, with those of earlier releases. */
import { Scope } from "@tutti/contracts/governance/v1";
import { localAdministrator, type Principal } from "@tutti/kernel";
import * as z from "zod";
import type { SignIn } from "./sign-in.ts";

/** Version of the format, to distinguish it from later ones. */
const version = 2;

const form = z.strictObject({
  version: z.literal(version),
  id: z.string().min(1),
  principal: z.strictObject({
    kind: z.enum(["person", "service", "agent"]),
    id: z.string().min(1),
    roles: z.array(z.string()),
    shown: z
      .strictObject({
        id: z.string(),
        namespace: z.string(),
        groups: z.array(z.string()),
        scope: z.record(z.string(), z.unknown()),
      })
      .optional(),
  }),
  by: z.enum(["link", "key", "token", "id_token"]),
  startMs: z.number(),
  endMs: z.number(),
  useMs: z.number(),
  address: z.string(),
  browser: z.string(),
});

export function printSignIn({ principal, ...signIn }: SignIn): z.infer<typeof form> {
  const { kind, id, roles, credential } = principal;
  const stored = credential && {
    ...credential,
    groups: [...credential.groups],
    scope: Scope.toJSON(credential.scope) as object,
  };
  return {
    version,
    ...signIn,
    principal: {
      kind,
      id,
      roles: [...roles],
      ...(stored && { shown: { ...stored, scope: { ...stored.scope } } }),
    },
  };
}

/** Undefined if it contains a field that this release does not know: then the user signs in again. */
export function readSignIn(stored: unknown, ownId: string): SignIn | undefined {
  // Releases that knew only the administrator kept the end time.
  if (typeof stored === "number")
    return {
      id: ownId,
      principal: localAdministrator,
      by: "link",
      address: "",
      browser: "",
      startMs: 0,
      endMs: stored,
      useMs: 0,
    };
  const read = form.safeParse(stored);
  if (!read.success) return;
  const { principal, version: _known, ...signIn } = read.data;
  const { shown, ...who } = principal;
  if (shown === undefined) return { ...signIn, principal: who };
  const scope = scopeIn(shown.scope);
  return scope && { ...signIn, principal: { ...who, credential: { ...shown, scope } } satisfies Principal };
}

/** Requires all fields to be known: an unknown field may narrow the rights. */
function scopeIn(json: Readonly<Record<string, unknown>>): Scope | undefined {
  try {
    const scope = Scope.fromJSON(json);
    return JSON.stringify(Scope.toJSON(scope)) === JSON.stringify(json) ? scope : undefined;
  } catch {
    return;
  }
}
