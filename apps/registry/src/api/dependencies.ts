import type { Foundation } from "@tutti/kernel";
import type { RegistrySettings } from "../configuration.ts";
import type { RegistrarInstruments } from "../effects/instruments.ts";
import type { Registrar } from "../effects/registrar.ts";

/** What the handlers work with. */
export interface RegistryDependencies {
  readonly registrar: Registrar;
  readonly settings: RegistrySettings;
  readonly foundation: Foundation;
  readonly instruments: RegistrarInstruments;
}

/** What questions are answered from: who is there, and whether absence means gone. */
export type Answering = Pick<Registrar, "directory" | "complete">;
