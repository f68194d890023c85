import { blobService, GetRequest, PutRequest, StatRequest } from "@tutti/contracts/blob/v1";
import { account } from "@tutti/machine-bank";
import type { ServiceModule } from "../src/index.ts";
import { describeRefusals } from "../src/testing/index.ts";

const bank: ServiceModule = {
  name: "bank",
  sections: [],
  machines: [account],
  create(host) {
    host.storage({ dispatch() {}, withdraw() {} });
    return {};
  },
};

const sha256 = new Uint8Array(32);

describeRefusals({
  contract: blobService,
  services: [bank],
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
