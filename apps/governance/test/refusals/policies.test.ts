import {
  ApplyPoliciesRequest,
  AskAccessRequest,
  CheckPoliciesRequest,
  CreateRoleBindingRequest,
  DeleteRoleBindingRequest,
  DeleteRoleRequest,
  GetAccessMatrixRequest,
  GetBundlePartRequest,
  GetPolicyRequest,
  GetPolicySchemaRequest,
  ListPoliciesRequest,
  ListPolicyVersionsRequest,
  ListRoleBindingsRequest,
  ListRolesRequest,
  RollBackPoliciesRequest,
  SetRoleRequest,
  TestPoliciesRequest,
  WatchBundlesRequest,
} from "@tutti/contracts/governance/v1";
import { describeRefusals } from "@tutti/host/testing";
import { servedPolicies } from "../../src/policies/handlers.ts";
import { governance } from "../../src/service.ts";
import { rowOf } from "./row.fixture.ts";

describeRefusals({
  contract: servedPolicies,
  service: "governance",
  services: [governance],
  table: {
    checkPolicies: rowOf(CheckPoliciesRequest),
    testPolicies: rowOf(TestPoliciesRequest),
    applyPolicies: rowOf(ApplyPoliciesRequest),
    rollBackPolicies: rowOf(RollBackPoliciesRequest),
    getPolicy: rowOf(GetPolicyRequest),
    listPolicies: rowOf(ListPoliciesRequest),
    listPolicyVersions: rowOf(ListPolicyVersionsRequest),
    getPolicySchema: rowOf(GetPolicySchemaRequest),
    askAccess: rowOf(AskAccessRequest),
    getAccessMatrix: rowOf(GetAccessMatrixRequest),
    listRoles: rowOf(ListRolesRequest),
    setRole: rowOf(SetRoleRequest),
    deleteRole: rowOf(DeleteRoleRequest),
    createRoleBinding: rowOf(CreateRoleBindingRequest),
    listRoleBindings: rowOf(ListRoleBindingsRequest),
    deleteRoleBinding: rowOf(DeleteRoleBindingRequest),
    getBundlePart: rowOf(GetBundlePartRequest),
    watchBundles: {
      malformed: WatchBundlesRequest.fromPartial({ afterNumber: -1 }),
      field: "after_number",
      tooLarge: "cannot be",
    },
  },
});
