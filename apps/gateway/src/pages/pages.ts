/**
 * Serves the dashboard: static files, and its own addresses, which all return `index.html`. Its scripts read data
 * from `/v1`. A sign-in link is exchanged for a cookie here.
 */

import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { capitalized, errorFromUnknown, sentences } from "@tutti/kernel";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Access } from "../access/access.ts";
import { gatewayErrors } from "../errors.ts";
import { pageHeaders } from "../front/headers.ts";
import { problemAnswer } from "../front/problems.ts";
import { docsFile, isOfDocs } from "./docs.ts";

export interface PagesParts {
  readonly access: Access;
  /** The directory of the built page. Undefined if it has not been built. */
  readonly root: string | undefined;
  /** The directory of the documentation. Undefined if it has not been built. */
  readonly docs: string | undefined;
}

/** The builder names these files by their content: a file never changes. */
const hashed = /^\/assets\/.+-[\w-]{8,}\.\w+$/;
/**
 * Files are at the top or in `assets`. Ids in deeper addresses have dots too. Clients look for metadata in
 * `.well-known`, and would take the dashboard's page for it.
 */
const file = /^\/((assets\/.+|[^/]+)\.\w{1,10}|\.well-known\/.*)$/;
const asPage = { config: { reach: "page" } } as const;
const yearSeconds = 31_536_000;

export async function servePages(app: FastifyInstance, parts: PagesParts): Promise<void> {
  const { access } = parts;
  const root = parts.root ?? parts.docs;
  if (root !== undefined) {
    const { default: fastifyStatic } = await import("@fastify/static");
    await app.register(fastifyStatic, { root, serve: false, preCompressed: true, cacheControl: false });
  }
  app.get("/sign-in", asPage, (request, reply) => signIn(parts, request, reply));
  app.get("/sign-in/by", asPage, (request, reply) => signInBy(access, request, reply));
  app.get("/sign-in/back", asPage, (request, reply) => completeSignIn(access, request, reply));
}

async function signIn(parts: PagesParts, request: FastifyRequest, reply: FastifyReply) {
  const token = new URL(request.url, "http://gateway").searchParams.get("token");
  if (token === null) return page(parts, request, reply);
  // Another site could sign a user in as its own user, so a link from another site needs a confirmation.
  const site = request.headers["sec-fetch-site"];
  if (site === "cross-site" || site === "same-site") {
    const link = { to: request.url, label: "Sign in" };
    return sendPage({ ...fromOtherSite, links: [link] }, 200, reply);
  }
  try {
    const { cookie } = await parts.access.signIn(token, request.raw);
    // A redirect removes the address with the token, so that no browser history has it.
    return await leadTo("/", [cookie], reply);
  } catch (thrown) {
    // The link is valid, but the sign-in could not be recorded.
    return gatewayErrors.signInUnrecorded.is(thrown)
      ? sendErrorPage(thrown, unrecorded, reply)
      : sendErrorPage(thrown, { ...wrongLink, commands: ["npx tutti sign-in"] }, reply);
  }
}

const fromOtherSite = {
  title: "Sign in to Tutti",
  text: ["Another site opened a link that signs this browser in. Continue only if you requested the link."],
};
const wrongLink = { title: "This link does not sign in", links: [{ to: "/", label: "Open the dashboard" }] };
const notSignedIn = "You are not signed in";
const unrecorded = { title: notSignedIn, commands: ["npx tutti status"] };

/** Redirects to an issuer, which returns users to `/sign-in/back`. */
async function signInBy(access: Access, request: FastifyRequest, reply: FastifyReply) {
  const parameters = new URL(request.url, "http://gateway").searchParams;
  try {
    const { issuer = "", to = "/" } = Object.fromEntries(parameters);
    const { location, cookie } = await access.redirectToIssuer(issuer, to, request.raw);
    return await leadTo(location, [cookie], reply);
  } catch (thrown) {
    return sendErrorPage(thrown, { title: notSignedIn }, reply);
  }
}

async function completeSignIn(access: Access, request: FastifyRequest, reply: FastifyReply) {
  const dropped = access.clearPendingSignIn(request.raw);
  const cookies = dropped === undefined ? [] : [dropped];
  try {
    const answer = new URL(request.url, "http://gateway").searchParams;
    const { cookie, to } = await access.completeIssuerSignIn(answer, request.raw);
    return await leadTo(to, [...cookies, cookie], reply);
  } catch (thrown) {
    return sendErrorPage(thrown, { title: notSignedIn }, reply.header("set-cookie", cookies));
  }
}

function leadTo(address: string, cookies: readonly string[], reply: FastifyReply): FastifyReply {
  return reply
    .headers(pageHeaders)
    .header("set-cookie", [...cookies])
    .header("cache-control", "no-store")
    .redirect(address, 303);
}

function sendErrorPage(thrown: unknown, page: Omit<PlainPage, "text">, reply: FastifyReply): FastifyReply {
  const error = errorFromUnknown(thrown);
  return sendPage(
    { ...page, text: [sentences(capitalized(error.message))] },
    problemAnswer(error).status,
    reply,
  );
}

/** The responses to the dashboard's own addresses, and its files. */
export function page(
  { root, docs }: Pick<PagesParts, "root" | "docs">,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const [path = "/"] = request.url.split("?", 1);
  if (isOfDocs(request.url))
    return docs === undefined
      ? sendPage(withoutDocs, 404, reply)
      : (docsFile(docs, request, reply) ?? sendPage(missingInDocs, 404, reply));
  if (root === undefined) return sendPage(unbuilt, 503, reply);
  reply.headers(pageHeaders);
  if (hashed.test(path)) {
    reply.header("cache-control", `public, max-age=${yearSeconds}, immutable`);
    return reply.sendFile(path);
  }
  reply.header("cache-control", "no-cache");
  return file.test(path) ? reply.sendFile(path) : reply.sendFile("/index.html");
}

function sendPage(page: PlainPage, status: number, reply: FastifyReply): FastifyReply {
  return reply
    .code(status)
    .headers(pageHeaders)
    .header("cache-control", "no-store")
    .type("text/html; charset=utf-8")
    .send(plainPage(page));
}

/** A page in plain HTML without scripts, for messages that the dashboard itself cannot show. */
interface PlainPage {
  readonly title: string;
  /** Paragraphs. */
  readonly text: readonly string[];
  /** Commands for a terminal. */
  readonly commands?: readonly string[];
  readonly links?: readonly { readonly to: string; readonly label: string }[];
}

function plainPage({ title, text, commands = [], links = [] }: PlainPage): string {
  const paragraphs = text.map((paragraph) => `<p>${escaped(paragraph)}</p>`);
  const typed = commands.length === 0 ? "" : `<pre>${commands.map(escaped).join("\n")}</pre>`;
  const led = links.map(({ to, label }) => `<p><a href="${escaped(to)}">${escaped(label)}</a></p>`);
  return [
    "<!doctype html>",
    '<html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    `<title>${escaped(title)} · Tutti</title></head>`,
    `<body><main><h1>${escaped(title)}</h1>${paragraphs.join("")}${typed}${led.join("")}</main></body></html>`,
    "",
  ].join("\n");
}

const marks: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (mark) => marks[mark] ?? mark);
}

const unbuilt: PlainPage = {
  title: "The dashboard has not been built",
  text: [
    "Tutti runs, but its dashboard is not built yet. The set-up builds it.",
    "Build it, then reload this page. The CLI and the REST API work without it.",
  ],
  commands: ["npx nx build @tutti/dashboard", "npx tutti status", "curl http://127.0.0.1:7400/v1/status"],
};

const missingInDocs: PlainPage = {
  title: "Page not found",
  text: ["The documentation has no page at this address. Search it, or start with its first page."],
  links: [{ to: "/docs/", label: "Open the documentation" }],
};
const withoutDocs: PlainPage = {
  title: "The documentation has not been built",
  text: ["Build it, then load this page again."],
  commands: ["npm run site"],
};

const built = join("apps", "dashboard", "dist");

/**
 * The directory of the built dashboard: the configured one, or that of the installation that contains this file, as
 * source or bundle. Undefined if the dashboard is not built.
 */
export function findPage(configured: string, from = import.meta.dirname): string | undefined {
  if (configured !== "") return hasPage(configured) ? configured : undefined;
  for (let folder = from; ; folder = dirname(folder)) {
    const page = join(folder, built);
    if (hasPage(page)) return page;
    if (dirname(folder) === folder) return undefined;
  }
}

function hasPage(folder: string): boolean {
  return existsSync(join(folder, "index.html"));
}
