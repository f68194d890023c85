import {
  CreateKeyRequest,
  CreatePrincipalRequest,
  DeletePrincipalRequest,
  GetMyselfRequest,
  GetPrincipalRequest,
  IssueTokenRequest,
  ListIdentityLimitsRequest,
  ListKeysRequest,
  ListPrincipalsRequest,
  ListTokensRequest,
  NarrowTokenRequest,
  RecordUsesRequest,
  RedeemTokenRequest,
  RevokeKeyRequest,
  RevokeTokensRequest,
  RotateKeyRequest,
  SetIdentityLimitRequest,
  UpdatePrincipalRequest,
} from "@tutti/contracts/governance/v1";
import { describeRefusals } from "@tutti/host/testing";
import { servedIdentity } from "../../src/identity/handlers.ts";
import { governance } from "../../src/service.ts";
import { rowOf } from "./row.fixture.ts";

describeRefusals({
  contract: servedIdentity,
  service: "governance",
  services: [governance],
  table: {
    getMyself: rowOf(GetMyselfRequest),
    createPrincipal: rowOf(CreatePrincipalRequest),
    getPrincipal: rowOf(GetPrincipalRequest),
    listPrincipals: rowOf(ListPrincipalsRequest),
    updatePrincipal: rowOf(UpdatePrincipalRequest),
    deletePrincipal: rowOf(DeletePrincipalRequest),
    createKey: rowOf(CreateKeyRequest),
    listKeys: rowOf(ListKeysRequest),
    rotateKey: rowOf(RotateKeyRequest),
    revokeKey: rowOf(RevokeKeyRequest),
    issueToken: rowOf(IssueTokenRequest),
    narrowToken: rowOf(NarrowTokenRequest),
    redeemToken: rowOf(RedeemTokenRequest),
    listTokens: rowOf(ListTokensRequest),
    revokeTokens: rowOf(RevokeTokensRequest),
    setIdentityLimit: rowOf(SetIdentityLimitRequest),
    listIdentityLimits: rowOf(ListIdentityLimitsRequest),
    recordUses: rowOf(RecordUsesRequest),
  },
});
