/** The access of handlers to the secrets of a namespace, and to the keys that seal them. */
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
  /** Receives refused uses. Undefined if nothing is enforced. */
  readonly guard: Pick<Guard, "refusedInside"> | undefined;
  readonly keepMs: number;
}

/** Returns the key of the secrets of the call's namespace. */
function secretsKey({ namespace }: CallContext): InstanceKey {
  return { namespace, kind: secretsKind, id: namespace };
}

export function secretsOf(dependencies: MachineDependencies, context: CallContext): Promise<SecretsView> {
  const call = { query: secretContents, body: undefined };
  return orIfAbsent<SecretsView>(query(dependencies, secretsKey(context), call, context), newSecrets());
}

/** Executes a command. Repetitions are detected before it: each sealing of a value differs. */
export function executeOnSecrets<Body, Reply>(
  dependencies: MachineDependencies,
  call: Omit<CommandCall<Body, Reply>, "idempotencyKey">,
  context: CallContext,
): Promise<Reply> {
  return execute(dependencies, secretsKey(context), { ...call, idempotencyKey: "" }, context);
}
