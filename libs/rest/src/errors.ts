import { defineErrors } from "@tutti/kernel";

export const restErrors = defineErrors("rest", {
  requestInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The request does not match the route. `fields` names each invalid part, with the expected and the found value. `/v1/openapi.json` and docs/reference/rest.md describe the routes.",
    message: ({ route, problems }: { route: string; problems: string }) =>
      `The request of ${route} is invalid: ${problems}`,
    remedy: "Correct the listed fields, as `/v1/openapi.json` describes them.",
  },
  bodyNotJson: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The body is no JSON document, or is nested too deep. Send JSON with the header `Content-Type: application/json`.",
    message: ({ found }: { found: string }) => `The body is not a JSON document: ${found}`,
    remedy: "Send JSON with `Content-Type: application/json`.",
  },
});
