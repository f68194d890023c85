export { Rest } from "./rest.ts";
