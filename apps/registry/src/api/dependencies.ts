import type { Foundation } from "@tutti/kernel";
import type { RegistrySettings } from "../configuration.ts";
import type { RegistrarInstruments } from "../effects/instruments.ts";
import type { Registrar } from "../effects/registrar.ts";

/** The dependencies of the handlers. */
export interface RegistryDependencies {
  readonly registrar: Registrar;
  readonly settings: RegistrySettings;
  readonly foundation: Foundation;
  readonly instruments: RegistrarInstruments;
}

/** The data behind answers: the present instances, and whether a missing one has left. */
export type Answering = Pick<Registrar, "directory" | "complete">;
