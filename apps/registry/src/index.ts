export { RegistryService, registry } from "./service.ts";
