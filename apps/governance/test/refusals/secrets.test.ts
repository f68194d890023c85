import {
  DeleteSecretRequest,
  GetSecretRequest,
  ListSecretsRequest,
  PutSecretRequest,
  RotateSealingRequest,
  secretService,
  UnsealSecretsRequest,
} from "@tutti/contracts/governance/v1";
import { describeRefusals } from "@tutti/host/testing";
import { governance } from "../../src/service.ts";
import { rowOf } from "./row.fixture.ts";

describeRefusals({
  contract: secretService,
  service: "governance",
  services: [governance],
  table: {
    putSecret: rowOf(PutSecretRequest),
    getSecret: rowOf(GetSecretRequest),
    listSecrets: rowOf(ListSecretsRequest),
    deleteSecret: rowOf(DeleteSecretRequest),
    rotateSealing: rowOf(RotateSealingRequest),
    unsealSecrets: rowOf(UnsealSecretsRequest),
  },
});
