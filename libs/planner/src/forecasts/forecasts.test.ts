import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Draws } from "../chance/draws.ts";
import { SeasonalForecast } from "./seasonal.ts";

const day = 24;
const load = (hour: number) => 100 + 0.2 * hour + 40 * Math.sin((2 * Math.PI * hour) / day);

describe("a forecast", () => {
  it("predicts a load with a daily season and a trend a day ahead, within a tenth", () => {
    const draws = new Draws(1);
    const forecast = new SeasonalForecast({ season: day });
    for (let hour = 0; hour < 14 * day; hour++) forecast.add(load(hour) + 3 * draws.normal());
    forecast.ahead(day).forEach(({ expected }, step) => {
      const real = load(14 * day + step);
      assert.ok(Math.abs(expected - real) < 0.1 * real, `${expected} is not ${real}, ${step} h ahead`);
    });
  });

  it("has four in five values of the next hour between low and high", () => {
    const draws = new Draws(2);
    const forecast = new SeasonalForecast({ season: day });
    let within = 0;
    for (let hour = 0; hour < 100 * day; hour++) {
      const value = load(hour) + 5 * draws.normal();
      const [next] = forecast.ahead(1);
      if (hour >= 20 * day && next !== undefined && next.low <= value && value <= next.high) within++;
      forecast.add(value);
    }
    const share = within / (80 * day);
    assert.ok(share > 0.72 && share < 0.88, `${share}`);
  });

  it("follows a sudden change of level, and is never negative", () => {
    const forecast = new SeasonalForecast({ season: 0 });
    for (let step = 0; step < 50; step++) forecast.add(10);
    for (let step = 0; step < 30; step++) forecast.add(0);
    for (const { expected, low } of forecast.ahead(10)) assert.ok(expected >= 0 && expected < 1 && low >= 0);
  });

  it("is hardly worse than the last value on any series", () => {
    const draws = new Draws(3);
    let level = 100;
    const series = {
      "a level that wanders": () => {
        level += draws.normal();
        return level;
      },
      "days that are unlike each other": (hour: number) =>
        hour % day === Math.floor(hour / day) % day || draws.next() < 0.02 ? 500 : 10,
      "a season that ends": (hour: number) => (hour < 20 * day ? load(hour) : 100) + 3 * draws.normal(),
    };
    for (const [name, valueAt] of Object.entries(series)) {
      const forecast = new SeasonalForecast({ season: day });
      let [off, offLast, last] = [0, 0, 0];
      for (let hour = 0; hour < 60 * day; hour++) {
        const value = valueAt(hour);
        off += Math.abs((forecast.ahead(1)[0]?.expected ?? 0) - value);
        offLast += Math.abs(last - value);
        forecast.add(value);
        last = value;
      }
      assert.ok(off < 1.05 * offLast, `${name}: ${off / offLast}`);
    }
  });

  it("of a constant series is the constant, and of no values is zero", () => {
    const forecast = new SeasonalForecast({ season: 4 });
    assert.deepEqual(forecast.ahead(1), [{ expected: 0, low: 0, high: 0 }]);
    for (let step = 0; step < 40; step++) forecast.add(7);
    for (const { expected, high } of forecast.ahead(8)) assert.deepEqual([expected, high], [7, 7]);
  });
});
