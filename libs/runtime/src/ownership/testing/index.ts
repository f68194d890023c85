export { describeOwnershipStore, type StoreSuite, type StoreUnderTest } from "./store-conformance.ts";
