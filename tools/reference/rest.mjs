// The pages of REST: one for each group of routes and one for each group of types. They are made from the same table, plans
// and texts of the contracts as the server.
import { schema } from "../../libs/rest/src/generated/schema.ts";
import { openApiDocument } from "../../libs/rest/src/openapi/document.ts";
import { accessRoutes } from "../../libs/rest/src/routes/access.ts";
import { admissionRoutes } from "../../libs/rest/src/routes/admission.ts";
import { agentRoutes } from "../../libs/rest/src/routes/agents.ts";
import { alertRoutes } from "../../libs/rest/src/routes/alerts.ts";
import { auditRoutes } from "../../libs/rest/src/routes/audit.ts";
import { inboxRoutes } from "../../libs/rest/src/routes/inboxes.ts";
import { installationRoutes } from "../../libs/rest/src/routes/installation.ts";
import { intelligenceRoutes } from "../../libs/rest/src/routes/intelligence.ts";
import { lockRoutes } from "../../libs/rest/src/routes/locks.ts";
import { missionRoutes } from "../../libs/rest/src/routes/missions.ts";
import { poolRoutes } from "../../libs/rest/src/routes/pools.ts";
import { resourceRoutes } from "../../libs/rest/src/routes/resources.ts";
import { runRoutes } from "../../libs/rest/src/routes/runs.ts";
import { scalerRoutes } from "../../libs/rest/src/routes/scalers.ts";
import { sessionRoutes } from "../../libs/rest/src/routes/sessions.ts";
import { withoutRoute } from "../../libs/rest/src/routes/without.ts";
import { workflowRoutes } from "../../libs/rest/src/routes/workflows.ts";
import { inMarkdown } from "./comments.mjs";
import { exampleText, tableOf, typeText } from "./rest-types.mjs";

/** The pages in the order of the index: file, title, routes. */
const groups = [
  ["runs", "Runs and tasks", runRoutes],
  ["workflows", "Workflows, schedules and triggers", workflowRoutes],
  ["agents", "Agents", agentRoutes],
  ["pools", "Pools", poolRoutes],
  ["missions", "Missions", missionRoutes],
  ["sessions", "Sessions", sessionRoutes],
  ["locks", "Locks", lockRoutes],
  ["resources", "Resources", resourceRoutes],
  ["intelligence", "Estimates, advice and plans", intelligenceRoutes],
  ["scalers", "Scalers", scalerRoutes],
  ["inboxes", "Inboxes", inboxRoutes],
  ["audit", "Audit", auditRoutes],
  ["access", "Namespaces, principals and policies", accessRoutes],
  ["admission", "Rules and compliance", admissionRoutes],
  ["alerts", "Alerts and incidents", alertRoutes],
  ["installation", "Installation, metrics and facts", installationRoutes],
];

const address = "http://127.0.0.1:7400";

/** Returns the pages by name. */
export function restPages() {
  const document = openApiDocument({ version: "" });
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      path,
      method: method.toUpperCase(),
      ...operation,
    })),
  );
  const byName = new Map(operations.map((operation) => [operation.operationId, operation]));
  const types = typesOf(document);
  const pages = groups.map(([name, title, routes]) => {
    const own = routes.map((route) => byName.get(route.name));
    return [`rest/${name}.md`, groupPage(title, own, { document, types })];
  });
  return [["rest.md", indexPage(operations.length, types)], ...pages, ...typePages(document, types)];
}

const short = (rpc) => rpc.replace(/^tutti\.(\w+)\.v1\./, "$1 ");

function indexPage(count, types) {
  const rows = groups.map(([name, title, routes]) => {
    const links = routes.map(
      (route) => `[\`${route.name}\`](rest/${name}.md#${anchorOf(route.method, route.path)})`,
    );
    return `| [${title}](rest/${name}.md) | ${links.join(", ")} |`;
  });
  const pages = [...new Set(types.values())].map((page) => `[${page}](rest/types-${page}.md)`);
  return [
    ...introduction(count),
    "",
    "| page | routes |",
    "|---|---|",
    ...rows,
    "",
    `The types of nested objects, by the part of the platform that has them: ${pages.join(", ")}.`,
    "",
    "## Without a route",
    "",
    "Rpcs that are served over gRPC alone, and why.",
    "",
    ...Object.entries(withoutRoute).map(([rpc, reason]) => `- \`${short(rpc)}\`: ${reason}`),
    "",
  ].join("\n");
}

function introduction(count) {
  return [
    "# REST",
    "",
    `The ${count} routes of the gateway, on the port of the operations endpoints (\`${address}\`). The same as OpenAPI 3.1:`,
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
    "  `Authorization: Bearer KEY`, with the key of a principal (`tutti key create`) or of `gateway.key`.",
    "- **Streams.** Streaming replies are server-sent events. The `id` of each event is a cursor. With this cursor in `Last-Event-ID`",
    "  (or `?cursor=`, for events `?after=`), a stream resumes after that event.",
    "- **Examples.** A test sends the example of each request through the gateway's checks. An example has the needed fields and some of",
    "  the others, with data of an online shop.",
  ];
}

function groupPage(title, operations, context) {
  return [
    `# ${title}`,
    "",
    `${operations.length} routes of [REST](../rest.md), with the types and an example of each.`,
    ...operations.flatMap((operation) => ["", ...operationLines(operation, context)]),
    "",
  ].join("\n");
}

/** The anchor of a heading `POST /v1/runs/{id}`. */
function anchorOf(method, path) {
  return `${method} ${path}`
    .toLowerCase()
    .replace(/[^a-z0-9 _-]/g, "")
    .replaceAll(" ", "-");
}

function operationLines(operation, { document, types }) {
  const { method, path, operationId, description, summary, parameters = [], responses } = operation;
  const visible = parameters.filter((one) => one.in === "path" || one.in === "query");
  const keyed = parameters.some(({ $ref }) => $ref?.endsWith("/IdempotencyKey"));
  const link = linkOf(types);
  return [
    `## ${method} ${path}`,
    "",
    inMarkdown(description ?? summary),
    "",
    `Name: \`${operationId}\`.${keyed ? " Takes `Idempotency-Key`." : ""}`,
    ...(visible.length === 0
      ? []
      : ["", "| parameter | in | type | meaning |", "|---|---|---|---|", ...visible.map(parameterRow(link))]),
    ...bodyLines(operation, link),
    "",
    "```text",
    requestText(operation),
    "```",
    "",
    ...answerLines(responses, document, link),
  ];
}

const parameterRow =
  (link) =>
  ({ name, in: place, required, description = "", schema: shape }) =>
    `| \`${name}\`${required ? ", required" : ""} | ${place} | ${typeText(shape, link)} | ${inMarkdown(description).replace(/\s+/g, " ").replaceAll("|", "\\|")} |`;

function bodyLines({ requestBody }, link) {
  if (requestBody === undefined) return [];
  const { schema: shape } = requestBody.content["application/json"];
  if (shape.properties === undefined) return ["", `Body: ${typeText(shape, link)}.`];
  return ["", ...tableOf(shape, link, "field of the body")];
}

function requestText({ method, path, parameters = [], requestBody }) {
  const example = (one) => encodeURIComponent(one.example);
  const filled = path.replace(/\{(\w+)\}/g, (match, name) => {
    const found = parameters.find((one) => one.in === "path" && one.name === name);
    return found?.example === undefined ? match : example(found);
  });
  const query = parameters
    .filter((one) => one.in === "query" && one.example !== undefined)
    .map((one) => `${one.name}=${example(one)}`);
  const url = `'${address}${filled}${query.length === 0 ? "" : `?${query.join("&")}`}'`;
  if (requestBody === undefined) return `curl ${method === "GET" ? "" : `-X ${method} `}${url}`;
  const body = exampleText(requestBody.content["application/json"].example).replaceAll("'", "'\\''");
  return `curl ${method === "POST" ? "" : `-X ${method} `}${url} -H 'content-type: application/json' -d '${body}'`;
}

/** Replies that only this operation has are a table here. Others are a type. */
function answerLines(responses, document, link) {
  const { content } = responses["200"] ?? {};
  if (content === undefined) return ["Answer: nothing (204)."];
  const [[mediaType, { schema: shape = {}, example }]] = Object.entries(content);
  if (mediaType === "application/octet-stream") return ["Answer: bytes."];
  const name = shape.$ref?.split("/").at(-1);
  const form = mediaType === "text/event-stream" ? "server-sent events, each " : "";
  const others = `${"204" in responses ? ", or nothing (204)" : ""}${"201" in responses ? ", with 201 if it is new" : ""}`;
  const own = isReply(name) ? document.components.schemas[name] : shape;
  const isTable = own.properties !== undefined && Object.keys(own.properties).length > 0;
  return [
    `Answer: ${form}${isTable ? "an object" : typeText(shape, link)}${others}.`,
    ...(isTable ? ["", ...tableOf(own, link, "field of the answer")] : []),
    ...(example === undefined ? [] : ["", "```json", exampleText(example), "```"]),
  ];
}

const isReply = (name) => name?.endsWith("Reply") === true;

/** Returns the page of each type that is not the reply of one operation. */
function typesOf(document) {
  const areas = new Map(
    [...Object.entries(schema.messages), ...Object.entries(schema.enums)].map(([type, { name }]) => [
      name,
      type.split(".")[1],
    ]),
  );
  const pages = Object.keys(document.components.schemas)
    .filter((name) => !isReply(name))
    .map((name) => [name, pageOf(areas.get(name) ?? areas.get(name.replace(/Input$/, "")))]);
  return new Map(pages.sort(([, one], [, other]) => (one < other ? -1 : one > other ? 1 : 0)));
}

/** The page of the types of an area. @param {string | undefined} area */
const pageOf = (area) => (area === "types" ? "common" : (area ?? "gateway"));

const linkOf =
  (types, from = "") =>
  (name) => {
    const page = types.get(name);
    if (page === undefined) return `\`${name}\``;
    return `[${name}](${page === from ? "" : `types-${page}.md`}#${name.toLowerCase()})`;
  };

function typePages(document, types) {
  const names = [...new Set(types.values())];
  return names.map((page) => {
    const own = [...types].filter(([, area]) => area === page).map(([name]) => name);
    const link = linkOf(types, page);
    const lines = own.flatMap((name) => {
      const shape = document.components.schemas[name];
      return [
        "",
        `## ${name}`,
        "",
        ...(shape.description === undefined ? [] : [inMarkdown(shape.description), ""]),
        ...(shape.properties === undefined ? [`${typeText(shape, link)}.`] : tableOf(shape, link, "field")),
      ];
    });
    const title = `# Types: ${page}`;
    const about = `The types of [REST](../rest.md) that ${page === "gateway" ? "the gateway itself has" : `\`tutti.${page === "common" ? "types" : page}.v1\` declares`}. A name with \`Input\` is the form in requests.`;
    return [`rest/types-${page}.md`, [title, "", about, ...lines, ""].join("\n")];
  });
}
