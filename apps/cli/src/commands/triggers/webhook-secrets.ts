/** Finds webhook secrets of a trigger that do not work yet. Its address answers 404 until they do. */
import { Failure } from "../../command/failure.ts";
import type { Server } from "../../server/calls.ts";
import { safe } from "../../terminal/text.ts";

const missing = "governance.secret_missing";

interface SecretUser {
  readonly kind?: string;
  readonly id?: string;
}

interface WebhookSecrets {
  readonly triggerId: string;
  readonly secrets: readonly string[] | undefined;
  /** Users of the secrets that are about to be stored, by name. */
  readonly described?: ReadonlyMap<string, readonly SecretUser[]>;
}

/** Returns sentences for the user. Empty if the caller may not read secrets. */
export async function secretProblems(
  server: Pick<Server, "call" | "namespace">,
  { triggerId, secrets, described }: WebhookSecrets,
): Promise<readonly string[]> {
  const problems = (secrets ?? []).map(async (name) => {
    const user = `webhook.${triggerId}`;
    const command = `\`tutti secret put ${safe(name)} FILE --user service:${safe(user)}\``;
    try {
      const users: readonly SecretUser[] =
        described?.get(name) ??
        (await server.call("secrets.get", { params: { name }, query: server.namespace })).users ??
        [];
      if (users.some(({ kind, id }) => kind === "service" && id === user)) return undefined;
      return `Secret \`${safe(name)}\` does not list \`service:${safe(user)}\` as a user, and is not used. Add it with ${command}.`;
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== missing) return undefined;
      return `Secret \`${safe(name)}\` not found. Webhooks get 404 until you store it: ${command}.`;
    }
  });
  return (await Promise.all(problems)).filter((each) => each !== undefined);
}
