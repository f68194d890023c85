/** What a client needs of the mesh. Imported on need as a whole, so nothing else of it is in the package. */
export { Mesh, StaticDiscovery } from "@tutti/mesh";
