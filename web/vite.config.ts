import { fileURLToPath } from "node:url";

import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const server = process.env.SLUICE_URL ?? "http://127.0.0.1:8080";
// The server takes calls of its own pages only, and through the proxy this one is its own.
const through = { target: server, changeOrigin: true, headers: { origin: new URL(server).origin } };
const proxied = ["/graphiql", "/dashboard.json", "/openapi.json", "/nuget", "/git", "/readyz"];

export default defineConfig({
  plugins: [react(), tailwindcss()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    target: "es2022",
    manifest: true,
    // A reported size is that of the files as they are; the server compresses.
    chunkSizeWarningLimit: 900,
  },
  server: {
    host: "127.0.0.1",
    proxy: {
      "/graphql": { ...through, ws: true },
      ...Object.fromEntries(proxied.map((path) => [path, through])),
    },
  },
  test: {
    environment: "happy-dom",
    include: ["src/**/*.test.{ts,tsx}"],
    restoreMocks: true,
  },
});
