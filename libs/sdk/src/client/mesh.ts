/**
 * The parts of the mesh that a client needs. Imported on first use as one module, so that the package contains
 * nothing else of it.
 */
export { Mesh, StaticDiscovery } from "@tutti/mesh";
