export { dataDirectory, services } from "./service.ts";
