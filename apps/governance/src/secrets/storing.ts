/** Stores, ends and reseals values. A value is sealed here, before any other code sees it. */
import { timingSafeEqual } from "node:crypto";
import {
  type DeleteSecretRequest,
  type KeptSecretVersion,
  KeptSecretVersion as KeptVersion,
  type PutSecretRequest,
  type ResealedKey,
  type RotateSealingRequest,
  Secret,
} from "@tutti/contracts/governance/v1";
import { type CallContext, fromTimestamp, type ReadOnly } from "@tutti/kernel";
import {
  atOnceMax,
  endSecret,
  lastVersionOf,
  resealSecrets,
  type SecretsView,
  secretsErrors,
  storeSecret,
} from "@tutti/machine-entities/secrets";
import { enveloped, resealed, type SealingKey } from "@tutti/policy";
import { governanceErrors } from "../errors.ts";
import { repeatedId } from "../identity/repeats.ts";
import { executeOnSecrets, type SecretDependencies, secretsOf } from "./dependencies.ts";
import { envelopeIn, sealingKeyOf, valueIn } from "./envelopes.ts";
import { readSecret } from "./reading.ts";

const intentLength = 24;
/** Maximum of retries after concurrent changes of the same secret. */
const triesMax = 10;

export async function putSecret(
  dependencies: SecretDependencies,
  request: PutSecretRequest,
  context: CallContext,
) {
  const { name } = request;
  const nowMs = dependencies.foundation.clock.now();
  const expireMs = request.expireTime === undefined ? 0 : fromTimestamp(request.expireTime);
  if (expireMs !== 0 && expireMs <= nowMs) throw governanceErrors.secretEndsEarly({ name });
  const intent = repeatedId(context, `secret ${name}`, intentLength) ?? "";
  for (let tries = 1; ; tries++) {
    const state = await secretsOf(dependencies, context);
    if (!isStored(dependencies, state, { request, intent }, context)) {
      try {
        await store(dependencies, state, { request, intent, expireMs }, context);
      } catch (error) {
        const isLate = secretsErrors.moved.is(error) || secretsErrors.repeated.is(error);
        if (!isLate || tries === triesMax) throw error;
        continue;
      }
    }
    return { secret: await readSecret(dependencies, name, context) };
  }
}

interface StoreRequest {
  readonly request: PutSecretRequest;
  readonly intent: string;
}

/** Returns whether the same value was stored with the same intent. Throws if it was another value. */
function isStored(
  { sealing }: SecretDependencies,
  { stored: kept }: SecretsView,
  { request: { name, value }, intent }: StoreRequest,
  { namespace }: CallContext,
): boolean {
  const before = kept.get(name)?.versions.find((version) => intent !== "" && version.intent === intent);
  if (before === undefined) return false;
  const envelope = envelopeIn(before);
  // An ended version cannot be compared any more.
  if (envelope === undefined) return true;
  const stored = valueIn(sealing, envelope, { namespace, name, version: before.version });
  if (stored.length === value.length && timingSafeEqual(stored, value)) return true;
  throw governanceErrors.repeatedOtherwise({ what: "value" });
}

async function store(
  dependencies: SecretDependencies,
  state: SecretsView,
  { request, intent, expireMs }: StoreRequest & { readonly expireMs: number },
  context: CallContext,
): Promise<void> {
  const { name, value, description, labels, users, overlapMs, rotateAfterMs } = request;
  const { clock, chance } = dependencies.foundation;
  const version = lastVersionOf(state, name) + 1;
  const { namespace } = context;
  const envelope = enveloped(
    value,
    { namespace, name, version },
    await dependencies.sealing.current(),
    chance,
  );
  const body = {
    secret: Secret.fromPartial({ name, description, labels, users }),
    version: KeptVersion.fromPartial({ version, intent, expireMs, envelope }),
    overlapMs,
    rotateMs: rotateAfterMs > 0 ? clock.now() + rotateAfterMs : 0,
  };
  await executeOnSecrets(dependencies, { command: storeSecret, body }, context);
}

export async function deleteSecret(
  dependencies: SecretDependencies,
  { name, versions, reason }: DeleteSecretRequest,
  context: CallContext,
) {
  const call = { command: endSecret, body: { name, versions }, reason };
  return { ended: (await executeOnSecrets(dependencies, call, context)).versions };
}

/** Rotates the sealing key. A repetition continues with the key of the first call. */
export async function rotateSealing(
  dependencies: SecretDependencies,
  _request: RotateSealingRequest,
  context: CallContext,
) {
  const id = repeatedId(context, "sealing", intentLength) ?? dependencies.ids.newId("seal");
  const to = await dependencies.sealing.getOrCreate(id);
  for (;;) {
    const { stored } = await secretsOf(dependencies, context);
    const keys: ResealedKey[] = [];
    for (const [name, { versions }] of stored)
      for (const version of versions)
        if (keys.length < atOnceMax) keys.push(...resealedKey(dependencies, name, version, to, context));
    if (keys.length > 0)
      await executeOnSecrets(dependencies, { command: resealSecrets, body: { keys } }, context);
    if (keys.length < atOnceMax) break;
  }
  const { stored: kept } = await secretsOf(dependencies, context);
  const isUnder = ({ envelope }: ReadOnly<KeptSecretVersion>) => envelope?.sealingKeyId === to.sealingKeyId;
  return { secrets: [...kept.values()].filter(({ versions }) => versions.some(isUnder)).length };
}

/** Returns the resealed key. Empty if the version has ended, or already has this sealing key. */
function resealedKey(
  { sealing, foundation }: SecretDependencies,
  name: string,
  stored: ReadOnly<KeptSecretVersion>,
  to: SealingKey,
  { namespace }: CallContext,
): readonly ResealedKey[] {
  const envelope = envelopeIn(stored);
  const { version } = stored;
  if (envelope === undefined || envelope.sealingKeyId === to.sealingKeyId) return [];
  const named = { namespace, name, version };
  const from = sealingKeyOf(sealing, envelope, named);
  const resealing = resealed(envelope, named, { from, to }, foundation.chance);
  if (resealing === undefined) throw governanceErrors.secretUnreadable({ name, version });
  const { sealingKeyId, key } = resealing;
  return [{ name, version, fromKeyId: envelope.sealingKeyId, sealingKeyId, key }];
}
