/**
 * The page: static files, and its own addresses, which all lead to `index.html`. What its scripts then show, they ask
 * of `/v1`. A link for signing in is exchanged here for a cookie, at once.
 */
import { capitalized, errorFromUnknown, sentences } from "@tutti/kernel";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Access } from "../access/access.ts";
import { gatewayErrors } from "../errors.ts";
import { pageHeaders } from "../front/headers.ts";
import { problemAnswer } from "../front/problems.ts";
import { type PlainPage, plainPage, unbuilt } from "./plain-page.ts";

export interface PagesParts {
  readonly access: Access;
  /** The directory of the built page. Undefined where it has not been built. */
  readonly root: string | undefined;
}

/** The builder names these by what is in them: one that is there never changes. */
const hashed = /^\/assets\/.+-[\w-]{8,}\.\w+$/;
/** At the top or among the assets: further down are ids, which have dots too. */
const file = /^\/(assets\/.+|[^/]+)\.\w{1,10}$/;
const asPage = { config: { reach: "page" } } as const;
const yearSeconds = 31_536_000;

export async function servePages(app: FastifyInstance, { access, root }: PagesParts): Promise<void> {
  if (root !== undefined) {
    const { default: fastifyStatic } = await import("@fastify/static");
    await app.register(fastifyStatic, { root, serve: false, preCompressed: true, cacheControl: false });
  }
  app.get("/sign-in", asPage, (request, reply) => signIn(access, root, request, reply));
  app.get("/sign-in/by", asPage, (request, reply) => signInBy(access, request, reply));
  app.get("/sign-in/back", asPage, (request, reply) => comeBack(access, request, reply));
}

async function signIn(
  access: Access,
  root: string | undefined,
  request: FastifyRequest,
  reply: FastifyReply,
) {
  const token = new URL(request.url, "http://gateway").searchParams.get("token");
  if (token === null) return page(root, request, reply);
  try {
    const { cookie } = await access.signIn(token, request.raw);
    // The address with the token is left at once, and is in no history.
    return await leadTo("/", [cookie], reply);
  } catch (thrown) {
    // The link itself is good where nothing could be recorded.
    return gatewayErrors.signInUnrecorded.is(thrown)
      ? sayWhy(thrown, unrecorded, reply)
      : sayWhy(thrown, { title: "This link does not sign in", commands: ["npx tutti sign-in"] }, reply);
  }
}

const notSignedIn = "Nobody is signed in";
const unrecorded = { title: notSignedIn, commands: ["npx tutti status"] };

/** To an issuer, who sends people back to `/sign-in/back`. */
async function signInBy(access: Access, request: FastifyRequest, reply: FastifyReply) {
  const asked = new URL(request.url, "http://gateway").searchParams;
  try {
    const { issuer = "", to = "/" } = Object.fromEntries(asked);
    const { location, cookie } = await access.beginAt(issuer, to, request.raw);
    return await leadTo(location, [cookie], reply);
  } catch (thrown) {
    return sayWhy(thrown, { title: notSignedIn }, reply);
  }
}

async function comeBack(access: Access, request: FastifyRequest, reply: FastifyReply) {
  const dropped = access.dropBegun(request.raw);
  const cookies = dropped === undefined ? [] : [dropped];
  try {
    const answer = new URL(request.url, "http://gateway").searchParams;
    const { cookie, to } = await access.backFrom(answer, request.raw);
    return await leadTo(to, [...cookies, cookie], reply);
  } catch (thrown) {
    return sayWhy(thrown, { title: notSignedIn }, reply.header("set-cookie", cookies));
  }
}

function leadTo(address: string, cookies: readonly string[], reply: FastifyReply): FastifyReply {
  return reply
    .headers(pageHeaders)
    .header("set-cookie", [...cookies])
    .header("cache-control", "no-store")
    .redirect(address, 303);
}

function sayWhy(thrown: unknown, said: Omit<PlainPage, "text">, reply: FastifyReply): FastifyReply {
  const error = errorFromUnknown(thrown);
  return say({ ...said, text: [sentences(capitalized(error.message))] }, problemAnswer(error).status, reply);
}

/** What the page's own addresses are answered with, and the files that it is made of. */
export function page(root: string | undefined, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const [path = "/"] = request.url.split("?", 1);
  if (root === undefined) return say(unbuilt, 503, reply);
  reply.headers(pageHeaders);
  if (hashed.test(path)) {
    reply.header("cache-control", `public, max-age=${yearSeconds}, immutable`);
    return reply.sendFile(path);
  }
  reply.header("cache-control", "no-cache");
  return file.test(path) ? reply.sendFile(path) : reply.sendFile("/index.html");
}

function say(said: PlainPage, status: number, reply: FastifyReply): FastifyReply {
  return reply
    .code(status)
    .headers(pageHeaders)
    .header("cache-control", "no-store")
    .type("text/html; charset=utf-8")
    .send(plainPage(said));
}
