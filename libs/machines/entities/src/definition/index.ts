export { definitionErrors } from "./errors.ts";
export { definition } from "./machine.ts";
export { latest } from "./state.ts";
export { archive, point, register, rollOut } from "./version/commands.ts";
export {
  type VersionFacts,
  type VersionSelector,
  type VersionsPage,
  version,
  versions,
} from "./version/queries.ts";
