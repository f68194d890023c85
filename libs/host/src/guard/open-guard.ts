import { type Configuration, type Foundation, type IdSource, isLoopbackHost } from "@tutti/kernel";
import { type Mesh, type MeshOptions, meshSection } from "@tutti/mesh";
import { keysDirectoryIn, signingKeyIn } from "../keys/installation-keys.ts";
import { Guard } from "./guard.ts";
import { accessSection } from "./settings.ts";
import { trustIn, trustOf } from "./trust.ts";

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

/** What guards a process, and what its services show others. Undefined where nothing is enforced. */
export async function openGuard(parts: OpenGuardParts): Promise<Entry | undefined> {
  const { configuration, foundation, ids, processId, dataDirectory, mesh } = parts;
  const settings = configuration.read(accessSection);
  if (!settings.enforce) return;
  const { listen } = configuration.read(meshSection);
  const serviceKey = (await settings.serviceKey?.reveal()) ?? "";
  const guard = new Guard({
    ...{ settings, foundation, mesh, processId, dataDirectory, serviceKey },
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
