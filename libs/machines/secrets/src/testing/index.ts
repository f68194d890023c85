export { operations, secretsKey, storing } from "./operations.ts";
