/** How handlers reach the secrets of a namespace, and the keys that seal them. */
import type { Guard, SealingKeys } from "@tutti/host";
import { ask, type MachineDesk, orIfAbsent, type Told, tell } from "@tutti/host/serving";
import type { CallContext, Foundation, IdSource, InstanceKey } from "@tutti/kernel";
import { newSecrets, type SecretsView, secretContents, secretsKind } from "@tutti/machine-entities/secrets";
import type { Deciding } from "../policies/deciding.ts";

export interface SecretDesk extends MachineDesk {
  readonly foundation: Pick<Foundation, "clock" | "chance">;
  readonly ids: Pick<IdSource, "newId">;
  readonly sealing: SealingKeys;
  readonly deciding: Pick<Deciding, "mayAlso">;
  /** Hears of uses that were refused; undefined where nothing is enforced. */
  readonly guard: Pick<Guard, "refusedInside"> | undefined;
  readonly keepMs: number;
}

/** Of the namespace of a call. */
function secretsKey({ namespace }: CallContext): InstanceKey {
  return { namespace, kind: secretsKind, id: namespace };
}

export function secretsOf(desk: MachineDesk, context: CallContext): Promise<SecretsView> {
  const question = { query: secretContents, body: undefined };
  return orIfAbsent<SecretsView>(ask(desk, secretsKey(context), question, context), newSecrets());
}

/** What makes a repetition harmless is looked at before: each sealing of a value is another one. */
export function tellSecrets<Body, Reply>(
  desk: MachineDesk,
  told: Omit<Told<Body, Reply>, "idempotencyKey">,
  context: CallContext,
): Promise<Reply> {
  return tell(desk, secretsKey(context), { ...told, idempotencyKey: "" }, context);
}
