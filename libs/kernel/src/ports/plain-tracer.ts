import type { Chance } from "./chance.ts";
import type { Span, SpanDescription, Tracer } from "./tracer.ts";

const idBytes = { trace: 16, span: 8 };
/** Random bytes are drawn for this many spans at once: one call into the generator per id would cost more. */
const spansPerDraw = 128;

/** Makes ids, hands them on and exports nothing: what joins the logs of a call where nobody collects traces. */
export function plainTracer(chance: Chance): Tracer {
  const pool = Buffer.alloc(spansPerDraw * (idBytes.trace + idBytes.span));
  let used = pool.length;
  const draw = (bytes: number): string => {
    if (used + bytes > pool.length) {
      chance.fill(pool);
      used = 0;
    }
    used += bytes;
    return pool.toString("hex", used - bytes, used);
  };
  return {
    start({ parent }: SpanDescription): Span {
      const traceId = parent?.traceId ?? draw(idBytes.trace);
      const context = { traceId, spanId: draw(idBytes.span), sampled: parent?.sampled ?? false };
      return { context, set() {}, end() {} };
    },
  };
}
