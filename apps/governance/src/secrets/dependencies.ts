/** How handlers reach the secrets of a namespace, and the keys that seal them. */
import type { Guard, SealingKeys } from "@tutti/host";
import { type CommandCall, execute, type MachineDependencies, orIfAbsent, query } from "@tutti/host/serving";
import type { CallContext, Foundation, IdSource, InstanceKey } from "@tutti/kernel";
import { newSecrets, type SecretsView, secretContents, secretsKind } from "@tutti/machine-entities/secrets";
import type { Deciding } from "../policies/deciding.ts";

export interface SecretDependencies extends MachineDependencies {
  readonly foundation: Pick<Foundation, "clock" | "chance">;
  readonly ids: Pick<IdSource, "newId">;
  readonly sealing: SealingKeys;
  readonly deciding: Pick<Deciding, "mayAlso">;
  /** Hears of uses that were refused. Undefined where nothing is enforced. */
  readonly guard: Pick<Guard, "refusedInside"> | undefined;
  readonly keepMs: number;
}

/** Of the namespace of a call. */
function secretsKey({ namespace }: CallContext): InstanceKey {
  return { namespace, kind: secretsKind, id: namespace };
}

export function secretsOf(dependencies: MachineDependencies, context: CallContext): Promise<SecretsView> {
  const call = { query: secretContents, body: undefined };
  return orIfAbsent<SecretsView>(query(dependencies, secretsKey(context), call, context), newSecrets());
}

/** What makes a repetition harmless is looked at before: each sealing of a value is another one. */
export function executeOnSecrets<Body, Reply>(
  dependencies: MachineDependencies,
  call: Omit<CommandCall<Body, Reply>, "idempotencyKey">,
  context: CallContext,
): Promise<Reply> {
  return execute(dependencies, secretsKey(context), { ...call, idempotencyKey: "" }, context);
}
