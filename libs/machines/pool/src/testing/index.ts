export { operations, poolKey } from "./operations.ts";
