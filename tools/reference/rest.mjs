// The page of REST routes, from the same table, plans and texts of the contracts as the server.
import { openApiDocument } from "../../libs/rest/src/openapi/document.ts";
import { withoutRoute } from "../../libs/rest/src/routes/without.ts";
import { inMarkdown } from "./comments.mjs";

export function restPage() {
  const document = openApiDocument({ version: "" });
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      path,
      method: method.toUpperCase(),
      ...operation,
    })),
  );
  const tags = [...new Set(operations.flatMap(({ tags: own }) => own))];
  const lines = [...introduction(operations.length), ""];
  for (const tag of tags)
    lines.push(`- [${tag}](#${tag}): ${operations.filter(isOf(tag)).map(nameOf).join(", ")}`);
  for (const tag of tags) {
    lines.push("", `## ${tag}`);
    for (const operation of operations.filter(isOf(tag)))
      lines.push("", ...operationLines(operation, document));
  }
  lines.push("", "## Without a route", "", "Rpcs that are served over gRPC alone, and why.", "");
  for (const [rpc, reason] of Object.entries(withoutRoute)) lines.push(`- \`${short(rpc)}\`: ${reason}`);
  return `${lines.join("\n")}\n`;
}

const isOf = (tag) => (operation) => operation.tags.includes(tag);
const nameOf = ({ operationId }) => `\`${operationId}\``;
const short = (rpc) => rpc.replace(/^tutti\.(\w+)\.v1\./, "$1 ");

function introduction(count) {
  return [
    "# REST",
    "",
    `The ${count} routes of the gateway, on the port of the operations endpoints (\`http://127.0.0.1:7400\`). The same as OpenAPI 3.1:`,
    "`GET /v1/openapi.json`. A client over `fetch` for TypeScript, with the types of all requests and answers: `@tutti/sdk/rest`.",
    "",
    "- **JSON.** Names in camelCase. Words in lower case for enumerations: `timed_out`. Times are milliseconds since 1970 and end in",
    "  `Ms`; RFC 3339 is accepted too. Your own data is plain JSON, and its numbers keep all digits. Bytes are",
    '  `{"$bytes": base64, "mediaType"}`, blobs `{"$blob": {"sha256", "size"}}`. Answers omit empty values',
    "  (empty, zero, false), except lists and names. Requests may omit them too. Unknown fields are rejected.",
    "- **Lists.** `?size=&token=`, and `nextToken` in the answer. In a query, repeat a parameter (`status=failed&status=paused`) or use",
    "  commas. `label=team=core` selects a value, `label=team` any value, `label=!team` none.",
    "- **Namespace.** `?namespace=`. Default: `default`.",
    "- **Idempotency.** `Idempotency-Key: KEY` makes a retry safe: the same key with the same request takes effect once.",
    "- **Time.** `Request-Timeout: SECONDS`, or `?requestTimeoutMs=`. Default: `gateway.callMs`. A client that disconnects cancels the call.",
    "- **Traces.** The call continues the trace of `traceparent`, and the reply contains its context.",
    "- **Problems.** `application/problem+json` with `code` from [errors.md](errors.md), `detail` as text (expected value, actual value, remedy),",
    "  and `fields` with each invalid field of the request.",
    "- **Authentication.** On a loopback address, programs need no key. A browser signs in with the link of the terminal. On other addresses:",
    "  `Authorization: Bearer KEY`, with the key of `gateway.key`.",
    "- **Streams.** Streaming replies are server-sent events. The `id` of each event is a cursor. With this cursor in `Last-Event-ID`",
    "  (or `?cursor=`, for events `?after=`), a stream resumes after that event.",
  ];
}

function operationLines(
  { method, path, operationId, description, summary, parameters = [], requestBody, responses },
  document,
) {
  const inQuery = parameters.filter((one) => one.in === "query");
  const keyed = parameters.some(({ $ref }) => $ref?.endsWith("/IdempotencyKey"));
  const lines = [`### ${method} ${path}`, "", inMarkdown(description ?? summary), ""];
  lines.push(`- Name: \`${operationId}\`${keyed ? "; takes `Idempotency-Key`" : ""}`);
  if (inQuery.length > 0) lines.push(`- Query: ${inQuery.map(parameterText).join(", ")}`);
  if (requestBody !== undefined) lines.push(`- Body: ${bodyText(requestBody, document)}`);
  lines.push(`- Answer: ${answerText(responses)}`);
  return lines;
}

const parameterText = ({ name, required }) => `\`${name}\`${required ? " (needed)" : ""}`;

function bodyText({ content }, document) {
  const { schema } = content["application/json"];
  if (schema.$ref !== undefined)
    return `\`${schema.$ref.slice(schema.$ref.lastIndexOf("/") + 1)}\`: ${fieldsText(resolve(schema, document))}`;
  return schema.properties === undefined ? "any JSON" : fieldsText(schema);
}

function fieldsText({ properties, required = [] }) {
  return Object.keys(properties)
    .map((name) => parameterText({ name, required: required.includes(name) }))
    .join(", ");
}

const resolve = ({ $ref }, { components }) => components.schemas[$ref.slice($ref.lastIndexOf("/") + 1)];

function answerText(responses) {
  const { content } = responses["200"] ?? {};
  if (content === undefined) return "nothing (204)";
  const [[mediaType, { schema }]] = Object.entries(content);
  const what =
    schema?.$ref === undefined
      ? schema?.properties === undefined
        ? ""
        : fieldsText(schema)
      : `\`${schema.$ref.slice(schema.$ref.lastIndexOf("/") + 1)}\``;
  const form =
    mediaType === "text/event-stream"
      ? "server-sent events, each a "
      : mediaType === "application/json"
        ? ""
        : "bytes";
  return (
    `${form}${what}${"204" in responses ? ", or nothing (204)" : ""}${"201" in responses ? "; 201 if it is new" : ""}` ||
    "JSON"
  );
}
