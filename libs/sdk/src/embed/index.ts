/** Tutti within an existing application. */
export { type AnnouncedHealth, AnnouncedService, type AnnounceOptions } from "../adapters/announce.ts";
export { type EmbeddedHealth, EmbeddedTutti, type EmbedOptions, type PartHealth } from "./embedded.ts";
export type { ForeignLogger } from "./foreign-logger.ts";
export type { ForeignSpan, OpenTelemetryApi } from "./foreign-tracer.ts";
export {
  expressHealth,
  expressTutti,
  type FastifyApplication,
  fastifyTutti,
  type NestModule,
  nestTutti,
  statusOf,
} from "./frameworks.ts";
export { readSettings, type SettingsSources, type Variables } from "./settings.ts";
export type { EmbeddedRequest, TokenOf } from "./users.ts";
