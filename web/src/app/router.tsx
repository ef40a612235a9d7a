import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";

import { Loading } from "@/ui";

import { Broken, NotFound } from "./fallbacks";
import { reader } from "./search";
import { Shell } from "./Shell";

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound });
const parent = () => root;

const page = ["after", "before"] as const;
const board = createRoute({
  getParentRoute: parent,
  path: "/",
  validateSearch: reader(["project", "q", "from", "to", "attention"]),
  component: lazyRouteComponent(() => import("@/views/board")),
});
const compare = createRoute({
  getParentRoute: parent,
  path: "/compare",
  validateSearch: reader(["kind", "from", "to", "module"]),
  component: lazyRouteComponent(() => import("@/views/compare")),
});
const change = createRoute({
  getParentRoute: parent,
  path: "/change/$id",
  component: lazyRouteComponent(() => import("@/views/change")),
});
const runs = createRoute({
  getParentRoute: parent,
  path: "/runs",
  validateSearch: reader(["project", "module", "status", "outcome", "branch", ...page]),
  component: lazyRouteComponent(() => import("@/views/runs")),
});
const run = createRoute({
  getParentRoute: parent,
  path: "/run/$id",
  validateSearch: reader(["tab", "job", "step", "q", "graph"], ["line"]),
  component: lazyRouteComponent(() => import("@/views/run")),
});
const releases = createRoute({
  getParentRoute: parent,
  path: "/releases",
  validateSearch: reader(["project", "status", "name", ...page]),
  component: lazyRouteComponent(() => import("@/views/releases")),
});
const release = createRoute({
  getParentRoute: parent,
  path: "/release/$id",
  validateSearch: reader(["tab", "environment"]),
  component: lazyRouteComponent(() => import("@/views/release")),
});
const environments = createRoute({
  getParentRoute: parent,
  path: "/environments",
  validateSearch: reader(["project"]),
  component: lazyRouteComponent(() => import("@/views/environments")),
});
const environment = createRoute({
  getParentRoute: parent,
  path: "/environment/$id",
  validateSearch: reader(["tab", "module", "drift"]),
  component: lazyRouteComponent(() => import("@/views/environment")),
});
const lineage = createRoute({
  getParentRoute: parent,
  path: "/lineage/$id",
  validateSearch: reader(["direction", "view", "kinds", "selected"], ["depth"]),
  component: lazyRouteComponent(() => import("@/views/lineage")),
});
const lineageHome = createRoute({
  getParentRoute: parent,
  path: "/lineage",
  component: lazyRouteComponent(() => import("@/views/lineage"), "Home"),
});
const repositories = createRoute({
  getParentRoute: parent,
  path: "/repositories",
  validateSearch: reader(["project", ...page]),
  component: lazyRouteComponent(() => import("@/views/repositories")),
});
const repository = createRoute({
  getParentRoute: parent,
  path: "/repository/$id",
  validateSearch: reader(["tab", "branch", "status", ...page]),
  component: lazyRouteComponent(() => import("@/views/repository")),
});
const pullRequest = createRoute({
  getParentRoute: parent,
  path: "/pull-request/$id",
  validateSearch: reader(["tab", "file"]),
  component: lazyRouteComponent(() => import("@/views/pull-request")),
});
const activity = createRoute({
  getParentRoute: parent,
  path: "/activity",
  validateSearch: reader(["type", "actor", "subject", "project"]),
  component: lazyRouteComponent(() => import("@/views/activity")),
});
const insights = createRoute({
  getParentRoute: parent,
  path: "/insights",
  validateSearch: reader(["project", "environment", "module", "metric"], ["days"]),
  component: lazyRouteComponent(() => import("@/views/insights")),
});
const explorer = createRoute({
  getParentRoute: parent,
  path: "/explorer",
  component: lazyRouteComponent(() => import("@/views/explorer")),
});

const routes = root.addChildren([
  board, compare, change, runs, run, releases, release, environments, environment, lineage, lineageHome, repositories,
  repository, pullRequest, activity, insights, explorer,
]);

export const router = createRouter({
  routeTree: routes,
  defaultPreload: "intent",
  scrollRestoration: true,
  defaultErrorComponent: Broken,
  defaultPendingComponent: Loading,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
