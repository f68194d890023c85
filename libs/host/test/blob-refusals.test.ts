import { blobService, GetRequest, PutRequest, StatRequest } from "@tutti/contracts/blob/v1";
import { describeRefusals } from "../src/testing/index.ts";
import { quietBank } from "./storage.fixture.ts";

const sha256 = new Uint8Array(32);

describeRefusals({
  contract: blobService,
  services: [quietBank],
  table: {
    put: {
      malformed: PutRequest.fromPartial({}),
      field: "part",
      tooLarge: PutRequest.fromPartial({ part: { $case: "chunk", value: new Uint8Array(2_000) } }),
    },
    get: {
      malformed: GetRequest.fromPartial({ sha256: new Uint8Array(31) }),
      field: "sha256",
      tooLarge: GetRequest.fromPartial({ sha256, namespace: "x".repeat(2_000) }),
    },
    stat: {
      malformed: StatRequest.fromPartial({ sha256: [sha256, new Uint8Array(33)] }),
      field: "sha256[1]",
      tooLarge: StatRequest.fromPartial({ sha256: Array.from({ length: 40 }, () => sha256) }),
    },
  },
});
