/**
 * The stages of a task in its pool:
 *
 *     queued ── assigned ──► working ── result, lost, timed out ──► ended ── durable ──► forgotten
 *     queued ── its key is full ──► limited ── room ──► queued
 *     queued ── its agent is full ──► bound ── time, agent not able ──► queued, or assigned to that agent
 *     hooked ── its hooks had their say ──► queued
 *     queued, limited, bound, hooked ── sender gone ──► away ── offered again ──► queued, or hooked
 *     working ── busy ──► queued
 *     queued, limited, bound, away ── recalled, cancelled, timed out ──► forgotten
 *     working ── cancelled ──► forgotten
 *
 * Bound is queued with another demand. An attempt that timed out or was cancelled has ended for its sender at once. Its
 * agent keeps it, and its slot, until it says so or its grace is over: until then its token is known.
 */
export type Stage = "queued" | "limited" | "hooked" | "away" | "working" | "ended" | "forgotten";
