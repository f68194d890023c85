export { type IssuerClient, TestIssuer } from "./issuer.ts";
export { KeptHost, type KeptHostOptions } from "./kept-host.ts";
export { SmallDisk } from "./small-disk.ts";
