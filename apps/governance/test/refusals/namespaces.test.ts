import {
  CreateNamespaceRequest,
  DeleteNamespaceRequest,
  GetNamespaceRequest,
  ListNamespacesRequest,
  namespaceService,
  UpdateNamespaceRequest,
} from "@tutti/contracts/governance/v1";
import { describeRefusals } from "@tutti/host/testing";
import { governance } from "../../src/service.ts";

const long = "x".repeat(2_000);

describeRefusals({
  contract: namespaceService,
  service: "governance",
  services: [governance],
  table: {
    createNamespace: {
      malformed: CreateNamespaceRequest.fromPartial({ resource: { name: "Shop" } }),
      field: "resource.name",
      tooLarge: CreateNamespaceRequest.fromPartial({ resource: { name: "shop", description: long } }),
    },
    getNamespace: {
      malformed: GetNamespaceRequest.fromPartial({ namespace: "Shop" }),
      field: "namespace",
      tooLarge: GetNamespaceRequest.fromPartial({ namespace: long }),
    },
    listNamespaces: {
      malformed: ListNamespacesRequest.fromPartial({ labels: { equals: { "": "x" } } }),
      field: 'labels.equals[""]',
      tooLarge: ListNamespacesRequest.fromPartial({ page: { token: long } }),
    },
    updateNamespace: {
      malformed: UpdateNamespaceRequest.fromPartial({}),
      field: "resource",
      tooLarge: UpdateNamespaceRequest.fromPartial({ resource: { name: "shop" }, reason: long }),
    },
    deleteNamespace: {
      malformed: DeleteNamespaceRequest.fromPartial({ namespace: "shop" }),
      field: "reason",
      tooLarge: DeleteNamespaceRequest.fromPartial({ namespace: "shop", reason: long }),
    },
  },
});
