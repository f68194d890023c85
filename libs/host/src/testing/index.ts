export { type IssuerClient, TestIssuer } from "./issuer.ts";
export {
  RestartableHost,
  type RestartableHostOptions,
} from "./restartable-host.ts";
export { SmallDisk } from "./small-disk.ts";
