/** The visible part of secrets: everything but their values. */
import {
  type GetSecretRequest,
  type KeptSecret,
  type ListSecretsRequest,
  Secret,
} from "@tutti/contracts/governance/v1";
import { type CallContext, pageOf, type ReadOnly, toTimestamp } from "@tutti/kernel";
import { isInForce, versionOf } from "@tutti/machine-entities/secrets";
import { governanceErrors } from "../errors.ts";
import { type SecretDependencies, secretsOf } from "./dependencies.ts";

export async function getSecret(
  dependencies: SecretDependencies,
  { name }: GetSecretRequest,
  context: CallContext,
) {
  return { secret: await readSecret(dependencies, name, context) };
}

export async function listSecrets(
  dependencies: SecretDependencies,
  request: ListSecretsRequest,
  context: CallContext,
) {
  const { prefix, dueOnly, page } = request;
  const nowMs = dependencies.foundation.clock.now();
  const { stored } = await secretsOf(dependencies, context);
  const all = [...stored]
    .filter(([name]) => name.startsWith(prefix))
    .filter(([, { rotateMs }]) => !dueOnly || (rotateMs > 0 && rotateMs <= nowMs))
    .map(([, secret]) => viewOf(context.namespace, secret, nowMs))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
  const list = ["secrets", context.namespace, prefix, dueOnly];
  const { items, nextToken } = pageOf(all, { list, keyOf: ({ name }) => name }, page);
  return { secrets: items, page: { nextToken, total: all.length } };
}

export async function readSecret(
  dependencies: SecretDependencies,
  name: string,
  context: CallContext,
): Promise<Secret> {
  const found = (await secretsOf(dependencies, context)).stored.get(name);
  if (found === undefined) throw governanceErrors.secretMissing({ name, namespace: context.namespace });
  return viewOf(context.namespace, found, dependencies.foundation.clock.now());
}

function viewOf(namespace: string, view: ReadOnly<KeptSecret>, nowMs: number): Secret {
  // The cast: it is only read.
  const { secret, versions, useMs, rotateMs, revision } = view as KeptSecret;
  return {
    ...(secret ?? Secret.create()),
    namespace,
    versions: versions.map((version) => versionOf(version, !isInForce(version, nowMs))).reverse(),
    useTime: useMs === 0 ? undefined : toTimestamp(useMs),
    rotateTime: rotateMs === 0 ? undefined : toTimestamp(rotateMs),
    revision: String(revision),
  };
}
