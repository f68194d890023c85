/**
 * Gives values to callers that may use them.
 *
 * 1. A caller without the right to a secret gets the same answer as for a missing one.
 * 2. The use, its caller and its purpose are durable before the value leaves. A refused use is recorded too.
 * 3. A value leaves sealed for the key of the call.
 */
import type { KeptSecretVersion, UnsealSecretsRequest } from "@tutti/contracts/governance/v1";
import type { CallContext, ReadOnly } from "@tutti/kernel";
import { isInForce, noteSecretUses, type SecretsView, secretsErrors } from "@tutti/machine-entities/secrets";
import { actorKey } from "@tutti/machine-entities/tenant";
import { deliveryOf, type Envelope } from "@tutti/policy";
import { governanceErrors } from "../errors.ts";
import { actorOf } from "../policies/deciding.ts";
import { executeOnSecrets, type SecretDependencies, secretsOf } from "./dependencies.ts";
import { envelopeIn, valueIn } from "./envelopes.ts";

interface UsableSecret {
  readonly name: string;
  readonly version: number;
  readonly envelope: Envelope;
}

const use = "governance.secrets.use";

export async function unsealSecrets(
  dependencies: SecretDependencies,
  request: UnsealSecretsRequest,
  context: CallContext,
) {
  const { names, recipientKey, work } = request;
  const state = await secretsOf(dependencies, context);
  const usable: UsableSecret[] = [];
  for (const reference of names) {
    const found = await usableAt(dependencies, state, reference, context);
    if (found === undefined) throw refused(dependencies, reference, context);
    usable.push(found);
  }
  const uses = usable.map(({ name, version }) => ({ name, version }));
  try {
    await executeOnSecrets(dependencies, { command: noteSecretUses, body: { uses, work } }, context);
  } catch (error) {
    if (secretsErrors.notInForce.is(error)) throw refused(dependencies, names.join(", "), context);
    throw error;
  }
  return { values: usable.map((secret) => delivered(dependencies, secret, recipientKey, context)) };
}

/** Returns the version of `till`, or of `till@3`. Undefined if the caller can use no such secret. */
async function usableAt(
  dependencies: SecretDependencies,
  { stored }: SecretsView,
  reference: string,
  context: CallContext,
): Promise<UsableSecret | undefined> {
  const [, name = "", number] = /^(.*?)(?:@(\d{1,9}))?$/s.exec(reference) ?? [];
  const found = stored.get(name);
  if (found?.secret === undefined) return;
  const { labels, users } = found.secret;
  const { principal, namespace } = context;
  const caller = actorKey(actorOf(principal));
  // A caller that lets a service sign or launch something may use the secrets that name the caller.
  const isOwnService = principal.kind === "service" && principal.credential === undefined;
  const isNamed = users.some((user) => actorKey(user) === caller);
  if (!isNamed && (users.length > 0 || isOwnService)) return;
  const about = { resourceId: name, labels };
  if (!(await dependencies.deciding.mayAlso(context, use, namespace, about))) return;
  const nowMs = dependencies.foundation.clock.now();
  const isMeant = ({ version }: ReadOnly<KeptSecretVersion>) =>
    number === undefined || version === Number(number);
  const version = found.versions.findLast((version) => isMeant(version) && isInForce(version, nowMs));
  const envelope = version && envelopeIn(version);
  return envelope && { name, version: version.version, envelope };
}

function refused({ guard }: SecretDependencies, name: string, context: CallContext): Error {
  const { principal } = context;
  const error = governanceErrors.secretUnusable({ name, caller: `${principal.kind}:${principal.id}` });
  guard?.refusedInside(error, context, use);
  return error;
}

function delivered(
  { foundation, sealing, keepMs }: SecretDependencies,
  { name, version, envelope }: UsableSecret,
  recipientKey: Uint8Array,
  { namespace }: CallContext,
) {
  const named = { namespace, name, version };
  const value = valueIn(sealing, envelope, named);
  try {
    return deliveryOf(value, named, { recipientKey, keepMs }, foundation.chance);
  } catch {
    throw governanceErrors.recipientKeyInvalid();
  } finally {
    value.fill(0);
  }
}
