export { askForBackup } from "./door.ts";
export { layoutOf } from "./layout.ts";
