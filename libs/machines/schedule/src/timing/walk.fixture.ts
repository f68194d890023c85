/**
 * A plain model of a cron rule: it checks every minute of a period, one after the other. Slow, and without offsets.
 */
export interface WalkOptions {
  readonly cron: string;
  readonly missing: "after gap" | "skip";
  readonly double: "first" | "second" | "both";
}

const minuteMs = 60_000;
/** Maximum clock change, except when a country changes sides of the date line. */
const changeMaxMinutes = 25 * 60;

/** Local clock of a zone: the displayed time in every minute of a period. */
export class Wall {
  readonly #startMs: number;
  readonly #displayed: number[] = [];
  readonly #first = new Map<number, number>();
  readonly #last = new Map<number, number>();

  constructor(timeZone: string, fromMs: number, untilMs: number) {
    const format = new Intl.DateTimeFormat("en-US", {
      timeZone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
    });
    this.#startMs = fromMs - changeMaxMinutes * minuteMs;
    for (let ms = this.#startMs; ms < untilMs + changeMaxMinutes * minuteMs; ms += minuteMs) {
      const time = timeOf(format.format(ms));
      if (!this.#first.has(time)) this.#first.set(time, this.#displayed.length);
      this.#last.set(time, this.#displayed.length);
      this.#displayed.push(time);
    }
  }

  /** Returns the times of a rule with five fields, without names. */
  times({ cron, missing, double }: WalkOptions): readonly number[] {
    const fields = cron.split(" ").map(allowed);
    const times: number[] = [];
    for (let index = changeMaxMinutes; index < this.#displayed.length - changeMaxMinutes; index++) {
      const time = this.#displayed[index] ?? 0;
      const which = double === "first" ? this.#first : this.#last;
      let fires = (double === "both" || which.get(time) === index) && fits(fields, cron, time);
      for (let left = (this.#displayed[index - 1] ?? 0) + minuteMs; left < time; left += minuteMs)
        if (missing === "after gap" && !this.#first.has(left) && fits(fields, cron, left)) fires = true;
      if (fires) times.push(this.#startMs + index * minuteMs);
    }
    return times;
  }
}

/** Parses `10/25/2026, 02:30`. */
function timeOf(text: string): number {
  const [, month, day, year, hour, minute] = /(\d+)\/(\d+)\/(\d+), (\d+):(\d+)/.exec(text) ?? [];
  return Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute));
}

function fits(fields: readonly ((value: number) => boolean)[], cron: string, localMs: number): boolean {
  const date = new Date(localMs);
  const values = [
    date.getUTCMinutes(),
    date.getUTCHours(),
    date.getUTCDate(),
    date.getUTCMonth() + 1,
    date.getUTCDay(),
  ];
  const [minute, hour, day, month, weekday] = fields.map((field, index) => field(values[index] ?? 0));
  const isEither = /^\S+ \S+ [^*]\S* \S+ [^*]/.test(cron);
  return Boolean(minute && hour && month && (isEither ? day || weekday : day && weekday));
}

function allowed(field: string): (value: number) => boolean {
  const values = Array.from({ length: 60 }, (_, value) => value).filter((value) => isAllowed(field, value));
  const set = new Set(values);
  return (value) => set.has(value);
}

function isAllowed(field: string, value: number): boolean {
  return field.split(",").some((part) => {
    const [range = "", step = "1"] = part.split("/");
    const [from = "", to = from] = range.split("-");
    // A step from `*` is drawn only for minutes and hours, which start at 0.
    if (range === "*") return value % Number(step) === 0;
    const end = part.includes("/") && !range.includes("-") ? 99 : Number(to);
    return value >= Number(from) && value <= end && (value - Number(from)) % Number(step) === 0;
  });
}
