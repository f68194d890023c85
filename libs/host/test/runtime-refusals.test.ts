import {
  DeliverRequest,
  GetHistoryRequest,
  GetStateRequest,
  ListMachinesRequest,
  ListQuarantinedRequest,
  ReadJournalRequest,
  ReleasePartitionRequest,
  ReleaseWorkRequest,
  RepairQuarantinedRequest,
  runtimeService,
  SearchIndexRequest,
  WatchHistoryRequest,
  WatchOwnershipRequest,
} from "@tutti/contracts/runtime/v1";
import { describeRefusals } from "../src/testing/index.ts";
import { quietBank } from "./storage.fixture.ts";

const long = "x".repeat(2_000);
const anna = { kind: "account", id: "anna" };

describeRefusals({
  contract: { ...runtimeService, area: "bank" },
  services: [quietBank],
  table: {
    deliver: {
      malformed: DeliverRequest.fromPartial({ partition: 99, fromService: "bank", batch: 1 }),
      field: "partition",
      tooLarge: DeliverRequest.fromPartial({
        ...{ fromService: "bank", batch: 1 },
        letters: [{ namespace: "default", sender: "a/a", receiver: "a/b", number: 1, type: long }],
      }),
    },
    getHistory: {
      malformed: GetHistoryRequest.fromPartial({ kind: "account" }),
      field: "id",
      tooLarge: GetHistoryRequest.fromPartial({ ...anna, page: { token: long } }),
    },
    watchHistory: {
      malformed: WatchHistoryRequest.fromPartial({ ...anna, namespace: "No name" }),
      field: "namespace",
      tooLarge: WatchHistoryRequest.fromPartial({ kind: "account", id: long }),
    },
    getState: {
      malformed: GetStateRequest.fromPartial({ id: "anna" }),
      field: "kind",
      tooLarge: GetStateRequest.fromPartial({ kind: "account", id: long }),
    },
    listMachines: {
      malformed: ListMachinesRequest.fromPartial({ kinds: ["account", "No name"] }),
      field: "kinds[1]",
      tooLarge: ListMachinesRequest.fromPartial({ idPrefix: long }),
    },
    searchIndex: {
      malformed: SearchIndexRequest.fromPartial({ limit: 1_001 }),
      field: "limit",
      tooLarge: SearchIndexRequest.fromPartial({
        limit: 1,
        definition: "x".repeat(1_000),
        cursor: "x".repeat(1_000),
      }),
    },
    getPause: { malformed: "cannot be", tooLarge: "cannot be" },
    releaseWork: {
      malformed: ReleaseWorkRequest.fromPartial({ share: 101 }),
      field: "share",
      tooLarge: ReleaseWorkRequest.fromPartial({ reason: long }),
    },
    listPauses: { malformed: "cannot be", tooLarge: "cannot be" },
    releasePartition: {
      malformed: ReleasePartitionRequest.fromPartial({ share: 101 }),
      field: "share",
      tooLarge: ReleasePartitionRequest.fromPartial({ share: 1, reason: long }),
    },
    watchOwnership: {
      malformed: WatchOwnershipRequest.fromPartial({ prefix: "x".repeat(201) }),
      field: "prefix",
      tooLarge: WatchOwnershipRequest.fromPartial({ prefix: long }),
    },
    listPartitions: { malformed: "cannot be", tooLarge: "cannot be" },
    readJournal: {
      malformed: ReadJournalRequest.fromPartial({ afterBatch: -1 }),
      field: "after_batch",
      tooLarge: "cannot be",
    },
    listQuarantined: {
      malformed: ListQuarantinedRequest.fromPartial({ namespace: "No name" }),
      field: "namespace",
      tooLarge: ListQuarantinedRequest.fromPartial({ page: { token: long } }),
    },
    repairQuarantined: {
      malformed: RepairQuarantinedRequest.fromPartial({ ...anna, action: 1 }),
      field: "reason",
      tooLarge: RepairQuarantinedRequest.fromPartial({ ...anna, action: 1, reason: long }),
    },
  },
});
