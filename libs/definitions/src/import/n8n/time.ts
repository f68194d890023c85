/**
 * Translates times of n8n (`DateTime` of Luxon) to CEL. A time is a timestamp of CEL. The zone is that of the workflow.
 *
 * Days and weeks keep the time of day in the zone, also if the clock changes in between. Hours and smaller units have a
 * fixed length. If a time of day does not exist, or exists twice, the result is that of Luxon.
 */
import { UnsupportedConstruct } from "../cel.ts";

/** Time at which the run starts: an expression has no other one. */
export const startTime = "timestamp(run.startTime)";

const msOf: Readonly<Record<string, number>> = {
  milliseconds: 1,
  seconds: 1_000,
  minutes: 60_000,
  hours: 3_600_000,
};
const daysOf: Readonly<Record<string, number>> = { days: 1, weeks: 7 };

/** Names of zones without another offset than zero, whose texts end with `Z`. */
const utc = new Set(["UTC", "GMT"]);

export class Zone {
  readonly #name: string;
  readonly #isUtc: boolean;

  constructor(name: string) {
    this.#name = JSON.stringify(name);
    this.#isUtc = utc.has(name.toUpperCase());
    try {
      new Intl.DateTimeFormat("en-US", { timeZone: name });
    } catch {
      throw new UnsupportedConstruct(`the time zone ${this.#name} is unknown`);
    }
  }

  /** Start of the day. */
  midnight(time: string): string {
    if (this.#isUtc) return `timestamp(string(${time}).substring(0, 10) + "T00:00:00Z")`;
    const start = `timestamp(string(${local("t", "o")}).substring(0, 10) + "T00:00:00Z")`;
    return bind("t", time, bind("o", this.#offset("t"), bind("l", start, this.#instant())));
  }

  /** @param amounts by unit: `{ days: 7 }` */
  shifted(time: string, amounts: ReadonlyMap<string, number>): string {
    let [days, ms] = [0, 0];
    for (const [name, amount] of amounts) {
      const unit = name.endsWith("s") ? name : `${name}s`;
      if (!Number.isSafeInteger(amount))
        throw new UnsupportedConstruct(`a part of \`${unit}\` has no counterpart`);
      if (Object.hasOwn(daysOf, unit)) days += amount * (daysOf[unit] ?? 0);
      else if (Object.hasOwn(msOf, unit)) ms += amount * (msOf[unit] ?? 0);
      else throw new UnsupportedConstruct(`the unit \`${name}\` has no counterpart: its length differs`);
    }
    const hours = days * 24;
    const isFixed = this.#isUtc || hours === 0;
    const moved = isFixed
      ? plus(time, hours * 3_600_000 + ms)
      : plus(
          bind(
            "t",
            time,
            bind(
              "o",
              this.#offset("t"),
              bind("l", `${local("t", "o")} + duration("${hours}h")`, this.#instant()),
            ),
          ),
          ms,
        );
    return moved;
  }

  /** @param format of Luxon. Default: ISO 8601 */
  text(time: string, format?: string): string {
    const parts =
      format === undefined ? [...tokensOf("yyyy-MM-dd'T'HH:mm:ss.SSS"), "offset"] : tokensOf(format);
    const written = parts.map((part) => this.#part(part)).join(" + ");
    const read = bind("s", this.#isUtc ? "string(t)" : `string(${local("t", "o")})`, written || '""');
    return bind("t", time, this.#isUtc ? read : bind("o", this.#offset("t"), read));
  }

  #part(part: string): string {
    const place = places[part];
    if (place !== undefined) return `s.substring(${place})`;
    if (part === "SSS") return "string(1000 + t.getMilliseconds()).substring(1)";
    if (part !== "offset") return part;
    if (this.#isUtc) return '"Z"';
    const two = (value: string) => `string(100 + ${value}).substring(1)`;
    return `(o < 0 ? "-" : "+") + ${two("math.abs(o) / 60")} + ":" + ${two("math.abs(o) % 60")}`;
  }

  /** Minutes from UTC. */
  #offset(time: string): string {
    const [zone, t] = [this.#name, time];
    const days = `(${t}.getDayOfWeek(${zone}) - ${t}.getDayOfWeek() + 8) % 7 * 1440 - 1440`;
    return `(${t}.getHours(${zone}) - ${t}.getHours()) * 60 + ${t}.getMinutes(${zone}) - ${t}.getMinutes() + ${days}`;
  }

  /** Instant of the local time `l`, which had the offset `o` before a change. */
  #instant(): string {
    const twice = bind(
      "b",
      before("l", "p"),
      bind("q", this.#offset("b"), `q == p ? b : ${before("l", "math.least(p, q)")}`),
    );
    return bind("a", before("l", "o"), bind("p", this.#offset("a"), `p == o ? a : ${twice}`));
  }
}

/** Places of tokens in the local time `s`. */
const places: Readonly<Record<string, string>> = {
  yyyy: "0, 4",
  MM: "5, 7",
  dd: "8, 10",
  HH: "11, 13",
  mm: "14, 16",
  ss: "17, 19",
};

function tokensOf(format: string): readonly string[] {
  const tokens = format.match(/'[^']*'|([A-Za-z])\1*|[^A-Za-z']+|'/g) ?? [];
  return tokens.map((token) => {
    if (Object.hasOwn(places, token) || token === "SSS") return token;
    if (/^[A-Za-z]|^'$/.test(token))
      throw new UnsupportedConstruct(`\`${token}\` in a format of a time has no counterpart`);
    return JSON.stringify(token.startsWith("'") ? token.slice(1, -1) : token);
  });
}

function bind(name: string, value: string, body: string): string {
  return `cel.bind(${name}, ${value}, ${body})`;
}

function minutes(value: string): string {
  return `duration(string(${value}) + "m")`;
}

function local(time: string, offset: string): string {
  return `${time} + ${minutes(offset)}`;
}

function before(time: string, offset: string): string {
  return `${time} - ${minutes(offset)}`;
}

function plus(time: string, ms: number): string {
  return ms === 0 ? time : `(${time} + duration("${ms}ms"))`;
}
