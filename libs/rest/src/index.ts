export type { Method, Route } from "./routes/route.ts";
export { paramsIn, type RouteName, routeNamed, routes } from "./routes/routes.ts";
export { withoutRoute } from "./routes/without.ts";
