/** What is answered about definitions. */
import type { definitionService } from "@tutti/contracts/workflow/v1";
import type { Handlers } from "@tutti/mesh";
import { checkDefinition, convertDefinition, getGraph, registerDefinition } from "./content.ts";
import type { DefinitionDesk } from "./desk.ts";
import { getDefinition, listDefinitions, listDefinitionVersions, watchDefinitions } from "./reading.ts";
import { archiveDefinition, labelDefinition } from "./steering.ts";

export function definitionHandlers(desk: DefinitionDesk): Handlers<typeof definitionService> {
  return {
    checkDefinition: (request, context) => checkDefinition(desk, request, context),
    registerDefinition: (request, context) => registerDefinition(desk, request, context),
    getDefinition: (request, context) => getDefinition(desk, request, context),
    listDefinitions: (request, context) => listDefinitions(desk, request, context),
    watchDefinitions: (request, context) => watchDefinitions(desk, request, context),
    listDefinitionVersions: (request, context) => listDefinitionVersions(desk, request, context),
    labelDefinition: (request, context) => labelDefinition(desk, request, context),
    archiveDefinition: (request, context) => archiveDefinition(desk, request, context),
    getGraph: (request, context) => getGraph(desk, request, context),
    convertDefinition: (request, context) => convertDefinition(desk, request, context),
  };
}
