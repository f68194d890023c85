import {
  ArchiveDefinitionRequest,
  CheckDefinitionRequest,
  ConvertDefinitionRequest,
  definitionService,
  GetDefinitionRequest,
  GetGraphRequest,
  LabelDefinitionRequest,
  ListDefinitionsRequest,
  ListDefinitionVersionsRequest,
  RegisterDefinitionRequest,
  WatchDefinitionsRequest,
} from "@tutti/contracts/workflow/v1";
import { describeRefusals } from "@tutti/host/testing";
import { workflow } from "../../src/service.ts";

const long = "x".repeat(2_000);
const source = { text: long };

describeRefusals({
  contract: definitionService,
  services: [workflow],
  table: {
    checkDefinition: {
      malformed: CheckDefinitionRequest.fromPartial({}),
      field: "source",
      tooLarge: CheckDefinitionRequest.fromPartial({ source }),
    },
    registerDefinition: {
      malformed: RegisterDefinitionRequest.fromPartial({ source: { text: "x" }, versionLabels: ["a b"] }),
      field: "version_labels[0]",
      tooLarge: RegisterDefinitionRequest.fromPartial({ source }),
    },
    getDefinition: {
      malformed: GetDefinitionRequest.fromPartial({ definition: { name: "Order" } }),
      field: "definition.name",
      tooLarge: GetDefinitionRequest.fromPartial({ definition: { name: long } }),
    },
    listDefinitions: {
      malformed: ListDefinitionsRequest.fromPartial({ filter: { uses: "Pay" } }),
      field: "filter.uses",
      tooLarge: ListDefinitionsRequest.fromPartial({ filter: { text: long } }),
    },
    watchDefinitions: {
      malformed: WatchDefinitionsRequest.fromPartial({ namespace: "Default" }),
      field: "namespace",
      tooLarge: WatchDefinitionsRequest.fromPartial({ cursor: long }),
    },
    listDefinitionVersions: {
      malformed: ListDefinitionVersionsRequest.fromPartial({ name: "" }),
      field: "name",
      tooLarge: ListDefinitionVersionsRequest.fromPartial({ name: long }),
    },
    labelDefinition: {
      malformed: LabelDefinitionRequest.fromPartial({ name: "order", versionLabel: "" }),
      field: "version_label",
      tooLarge: LabelDefinitionRequest.fromPartial({ name: "order", versionLabel: "a", reason: long }),
    },
    archiveDefinition: {
      malformed: ArchiveDefinitionRequest.fromPartial({ name: "order", hash: "abc" }),
      field: "hash",
      tooLarge: ArchiveDefinitionRequest.fromPartial({ name: "order", reason: long }),
    },
    getGraph: {
      malformed: GetGraphRequest.fromPartial({}),
      field: "subject",
      tooLarge: GetGraphRequest.fromPartial({ subject: { $case: "source", value: source } }),
    },
    convertDefinition: {
      malformed: ConvertDefinitionRequest.fromPartial({ subject: { $case: "source", value: { text: "x" } } }),
      field: "format",
      tooLarge: ConvertDefinitionRequest.fromPartial({
        subject: { $case: "source", value: source },
        format: 1,
      }),
    },
  },
});
