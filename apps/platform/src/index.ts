export { services } from "./service.ts";
