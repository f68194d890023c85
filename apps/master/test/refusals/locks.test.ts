import {
  AcquireLockRequest,
  BreakLockRequest,
  GetLockRequest,
  ListDeadlocksRequest,
  ListLocksRequest,
  lockService,
  ReleaseLockRequest,
  RenewLocksRequest,
  ResolveDeadlockRequest,
  SetLockRequest,
  WatchLocksRequest,
} from "@tutti/contracts/session/v1";
import { describeRefusals } from "@tutti/host/testing";
import { master } from "../../src/service.ts";

const long = "x".repeat(2_000);
const name = "printer";
const holder = "one";
const edge = { waiter: { kind: "session", id: "one" }, lock: name, holder: { kind: "session", id: "two" } };

describeRefusals({
  contract: lockService,
  service: "master",
  services: [master],
  table: {
    acquireLock: {
      malformed: AcquireLockRequest.fromPartial({ name, holder, waitMs: 60_001 }),
      field: "wait_ms",
      tooLarge: AcquireLockRequest.fromPartial({ name: long, holder }),
    },
    renewLocks: {
      malformed: RenewLocksRequest.fromPartial({ renewals: [{ name, holder, token: 0 }] }),
      field: "renewals[0].token",
      tooLarge: RenewLocksRequest.fromPartial({ renewals: [{ name: long, holder, token: 1 }] }),
    },
    releaseLock: {
      malformed: ReleaseLockRequest.fromPartial({ name, holder: "" }),
      field: "holder",
      tooLarge: ReleaseLockRequest.fromPartial({ name: long, holder }),
    },
    getLock: {
      malformed: GetLockRequest.fromPartial({ name: "a b" }),
      field: "name",
      tooLarge: GetLockRequest.fromPartial({ name: long }),
    },
    listLocks: {
      malformed: ListLocksRequest.fromPartial({ namespace: "Default" }),
      field: "namespace",
      tooLarge: ListLocksRequest.fromPartial({ prefix: long }),
    },
    watchLocks: {
      malformed: WatchLocksRequest.fromPartial({ namespace: "Default" }),
      field: "namespace",
      tooLarge: WatchLocksRequest.fromPartial({ cursor: long }),
    },
    setLock: {
      malformed: SetLockRequest.fromPartial({ name }),
      field: "permits",
      tooLarge: SetLockRequest.fromPartial({ name, permits: 1, reason: long }),
    },
    breakLock: {
      malformed: BreakLockRequest.fromPartial({ name, holder }),
      field: "reason",
      tooLarge: BreakLockRequest.fromPartial({ name, holder, reason: long }),
    },
    listDeadlocks: {
      malformed: ListDeadlocksRequest.fromPartial({ namespace: "Default" }),
      field: "namespace",
      tooLarge: ListDeadlocksRequest.fromPartial({ page: { token: long } }),
    },
    resolveDeadlock: {
      malformed: ResolveDeadlockRequest.fromPartial({ circle: [edge], reason: "x" }),
      field: "ticket",
      tooLarge: ResolveDeadlockRequest.fromPartial({ circle: [edge], ticket: 1, reason: long }),
    },
  },
});
