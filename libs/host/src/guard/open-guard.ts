import { SigningKey } from "@tutti/contracts/governance/v1";
import { type Configuration, type Foundation, type IdSource, isLoopbackHost } from "@tutti/kernel";
import { type Mesh, type MeshOptions, meshSection } from "@tutti/mesh";
import { TrustedKeys } from "@tutti/policy";
import { keysDirectoryIn, signingKeyIn } from "../keys/installation-keys.ts";
import { Guard } from "./guard.ts";
import { accessSection } from "./settings.ts";

export interface OpenGuardParts {
  readonly configuration: Configuration;
  readonly foundation: Foundation;
  readonly ids: IdSource;
  readonly processId: string;
  readonly dataDirectory: string | undefined;
  readonly mesh: () => Mesh;
}

export interface Entry {
  readonly guard: Guard;
  readonly forMesh: Pick<MeshOptions, "gate" | "credential">;
}

/** Returns the guard of a process, and the credential of its services. Undefined if nothing is enforced. */
export async function openGuard(parts: OpenGuardParts): Promise<Entry | undefined> {
  const { configuration, foundation, ids, processId, dataDirectory, mesh } = parts;
  const settings = configuration.read(accessSection);
  if (!settings.enforce) return;
  const { listen } = configuration.read(meshSection);
  const serviceKey = (await settings.serviceKey?.reveal()) ?? "";
  const guard = new Guard({
    settings,
    foundation,
    mesh,
    processId,
    dataDirectory,
    serviceKey,
    isLoopback: isLoopbackHost(listen.slice(0, listen.lastIndexOf(":"))),
    newId: () => ids.newId("dec"),
    trust: () => {
      if (settings.trustedKey !== "") return trustIn(settings.trustedKey);
      const key = dataDirectory === undefined ? undefined : signingKeyIn(keysDirectoryIn(dataDirectory));
      return key && trustOf(key);
    },
  });
  const gate = {
    identity: guard,
    authorizer: guard,
    limiter: guard,
    changes: guard,
    requests: guard.admission,
  };
  return { guard, forMesh: { gate, credential: () => serviceKey } };
}

/** Returns the trusted keys of a setting: `key_01J…:` and 32 bytes as base64url. */
export function trustIn(setting: string): TrustedKeys {
  const colon = setting.lastIndexOf(":");
  const publicKey = Uint8Array.from(Buffer.from(setting.slice(colon + 1), "base64url"));
  return trustOf(SigningKey.fromPartial({ signingKeyId: setting.slice(0, colon), publicKey }));
}

export function trustOf(key: SigningKey): TrustedKeys {
  return new TrustedKeys(key.publicKey, [key]);
}
