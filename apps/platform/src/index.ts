export { dataDirectory, keysDirectory, services } from "./service.ts";
