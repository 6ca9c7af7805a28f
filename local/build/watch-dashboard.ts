/** Rebuilds the dashboard whenever one of its sources changes. */
import { join } from "node:path";
import { build } from "vite";
import { ROOT } from "../paths.ts";
import { buildPluginClient, DASHBOARD_CONFIG } from "./build.ts";

/** `onBuilt` runs after each rebuild, the first build excepted. @returns the function that stops watching */
export async function watchDashboard(onBuilt: () => Promise<void>): Promise<() => Promise<void>> {
  const watcher = await build({
    configFile: DASHBOARD_CONFIG,
    root: join(ROOT, "dashboard"),
    logLevel: "warn",
    build: { watch: {} },
  });
  if (!("on" in watcher)) throw new Error("vite did not start to watch");
  let isFirst = true;
  watcher.on("event", (event) => {
    if (event.code === "ERROR") console.error(event.error.message);
    if (event.code !== "BUNDLE_END") return;
    const wasFirst = isFirst;
    isFirst = false;
    // Vite has emptied the folder that heartbeat.js shares with the dashboard.
    void buildPluginClient()
      .then(() => (wasFirst ? undefined : onBuilt()))
      .catch((error) => console.error(error));
  });
  return () => watcher.close();
}
