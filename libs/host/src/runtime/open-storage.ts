/** What a process keeps its machines in, if any of its services has some. */
import type { Configuration, Foundation } from "@tutti/kernel";
import type { MeshDelivery } from "@tutti/mesh";
import { ownershipSection, type Steward } from "@tutti/runtime/ownership";
import { DataDirectory } from "../data-directory.ts";
import { hostErrors } from "../errors.ts";
import type { ServiceModule } from "../service-module.ts";
import { durableSection, durableSettings } from "../storage/settings.ts";
import type { Storage } from "../storage/storage.ts";
import type { HostMachines } from "./host-machines.ts";

export interface StorageNeeds {
  readonly configuration: Configuration;
  readonly foundation: Foundation;
  readonly steward: Steward;
  readonly delivery: MeshDelivery;
  readonly services: readonly ServiceModule[];
  readonly dataDirectory: ((configuration: Configuration) => string) | undefined;
  readonly version: string;
}

export type Opened =
  | {
      readonly directory: DataDirectory | undefined;
      readonly storage: undefined;
      readonly hostMachines: undefined;
    }
  | { readonly directory: DataDirectory; readonly storage: Storage; readonly hostMachines: HostMachines };

/** The directory of a process, and its storage where there are machines: the code for that is large. */
export async function openStorage(needs: StorageNeeds): Promise<Opened> {
  const { configuration, foundation, steward, delivery, services, dataDirectory, version } = needs;
  const directory =
    dataDirectory === undefined ? undefined : new DataDirectory(dataDirectory(configuration), foundation);
  const hosting = services.find(({ machines }) => machines !== undefined);
  if (hosting === undefined) return { directory, storage: undefined, hostMachines: undefined };
  const { name: service } = hosting;
  if (directory === undefined) throw hostErrors.noDataDirectory({ service });
  if (configuration.read(ownershipSection).kind !== "sole") throw hostErrors.storageNotShared({ service });
  const [{ Storage }, { hostMachines }] = await Promise.all([
    import("../storage/storage.ts"),
    import("./host-machines.ts"),
  ]);
  const settings = durableSettings(configuration.read(durableSection));
  const storage = new Storage({ directory, release: version, settings, foundation, steward, delivery });
  return { directory, storage, hostMachines };
}
