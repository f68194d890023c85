/** The address of a call: the path with its parameters, and the query. */
import { paramsIn, type RouteName, routeNamed } from "../routes/routes.ts";

export type Values = Readonly<Record<string, unknown>>;

export function addressOf(name: RouteName, params: Values = {}, query: Values = {}): string {
  const { path } = routeNamed(name);
  let filled = path;
  for (const param of paramsIn(path)) {
    const value = params[param];
    if (value === undefined || value === "") throw new Error(`expected ${param} for ${path}, found none`);
    filled = filled.replace(`{${param}}`, encodeURIComponent(String(value)));
  }
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined) search.append(key, typeof one === "object" ? JSON.stringify(one) : String(one));
    }
  }
  const text = search.toString();
  return text === "" ? filled : `${filled}?${text}`;
}
