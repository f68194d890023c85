export { FlatWriter } from "./wire/flat-writer.ts";
