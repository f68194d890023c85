/** What is answered about definitions. */
import type { definitionService } from "@tutti/contracts/workflow/v1";
import type { Handlers } from "@tutti/mesh";
import { checkDefinition, convertDefinition, getGraph, registerDefinition } from "./content.ts";
import type { DefinitionDependencies } from "./dependencies.ts";
import { getDefinition, listDefinitions, listDefinitionVersions, watchDefinitions } from "./reading.ts";
import { archiveDefinition, labelDefinition } from "./steering.ts";

export function definitionHandlers(dependencies: DefinitionDependencies): Handlers<typeof definitionService> {
  return {
    checkDefinition: (request, context) => checkDefinition(dependencies, request, context),
    registerDefinition: (request, context) => registerDefinition(dependencies, request, context),
    getDefinition: (request, context) => getDefinition(dependencies, request, context),
    listDefinitions: (request, context) => listDefinitions(dependencies, request, context),
    watchDefinitions: (request, context) => watchDefinitions(dependencies, request, context),
    listDefinitionVersions: (request, context) => listDefinitionVersions(dependencies, request, context),
    labelDefinition: (request, context) => labelDefinition(dependencies, request, context),
    archiveDefinition: (request, context) => archiveDefinition(dependencies, request, context),
    getGraph: (request, context) => getGraph(dependencies, request, context),
    convertDefinition: (request, context) => convertDefinition(dependencies, request, context),
  };
}
