import { blobService } from "@tutti/contracts/blob/v1";
import type { Component, Configuration, Foundation } from "@tutti/kernel";
import type { Mesh } from "@tutti/mesh";
import { durableSection, durableSettings } from "../storage/settings.ts";
import type { Storage } from "../storage/storage.ts";
import { blobHandlers } from "./handlers.ts";
import { BlobSweeper } from "./sweeper.ts";

export type HostBlobs = typeof hostBlobs;

export interface BlobHosting {
  readonly storage: Storage;
  readonly mesh: Mesh;
  readonly foundation: Foundation;
  readonly configuration: Configuration;
}

/** Every process with machines has blobs too: they are served to all callers, and swept while the process runs. */
export function hostBlobs({ storage, mesh, foundation, configuration }: BlobHosting): Component {
  const { blobs: settings } = durableSettings(configuration.read(durableSection));
  const blobs = () => storage.blobs;
  mesh.serve(blobService, blobHandlers({ blobs, bytesMax: settings.bytesMax }));
  return new BlobSweeper({ blobs, runtimes: () => storage.runtimes, settings, foundation });
}
