/** Builds the dashboard to `dist/dashboard`. `npx vite --config dashboard/vite.config.ts` serves it with hot reload in front of a running API. */
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: here("."),
  base: "/",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: here("../dist/dashboard"),
    emptyOutDir: true,
    // light-dark(), native dialogs and nested CSS are used as they are.
    target: ["chrome123", "firefox121", "safari17.5"],
    // The polyfill fetches from a script of its own; every target has module preload.
    modulePreload: { polyfill: false },
    // Data URLs would need an exception in the content security policy.
    assetsInlineLimit: 0,
  },
  server: {
    host: "127.0.0.1",
    proxy: { "/api": { target: `http://127.0.0.1:${process.env.PORT ?? 8112}`, ws: true } },
  },
});
