import { defineErrors } from "@tutti/kernel";

export const restErrors = defineErrors("rest", {
  requestInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The request is not what the route takes. `fields` names each part that is wrong, with what was expected and what was found; `/v1/openapi.json` and docs/reference/rest.md say what each route takes.",
    message: ({ route, problems }: { route: string; problems: string }) =>
      `expected a request as ${route} takes it, found: ${problems}; docs/reference/rest.md says what it takes`,
  },
  bodyNotJson: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The body is no JSON document, or is nested too deep. Send JSON with the header `Content-Type: application/json`.",
    message: ({ found }: { found: string }) =>
      `expected a JSON document as body, found ${found}; mend the body`,
  },
});
