/** The parts of an installation that a definition uses. */
import type { DefinitionSource } from "@tutti/contracts/workflow/v1";
import type { KnownDefinition } from "@tutti/definitions";
import type { CallContext } from "@tutti/kernel";
import { definitionErrors, latest } from "@tutti/machine-entities/definition";
import {
  capabilityAt,
  knownDefinition,
  type NameReference,
  type Offered,
  type Offerers,
  offeredFor,
  versionNamed,
} from "@tutti/validation";
import { checked } from "@tutti/validation/thread";
import { textOf } from "./sources.ts";
import type { Versions } from "./versions.ts";

export interface Installation extends Offerers {
  readonly versions: Versions;
}

export async function installedFor(
  installation: Installation,
  source: DefinitionSource,
  context: CallContext,
): Promise<Offered> {
  const used = await checked("usedBy", source.text.length, textOf(source));
  return offeredFor(used, {
    capability: (reference) => capabilityAt(installation, reference, context),
    definition: (reference) => registered(installation, reference, context),
  });
}

async function registered(
  { versions }: Installation,
  { name, version }: NameReference,
  context: CallContext,
): Promise<KnownDefinition | undefined> {
  try {
    return knownDefinition(await versions.find({ name, version: versionNamed(version, latest) }, context));
  } catch (error) {
    if (definitionErrors.missing.is(error)) return undefined;
    throw error;
  }
}
